# Hugging Face transformers: a pipeline of a tiny model, weights in safetensors, nothing downloaded.

# %% [pipeline]
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    PreTrainedTokenizerFast,
    TextClassificationPipeline,
)

words = ["[PAD]", "[UNK]", "good", "bad", "film", "the"]
splitter = Tokenizer(models.WordLevel({word: number for number, word in enumerate(words)}, unk_token="[UNK]"))
splitter.pre_tokenizer = pre_tokenizers.Whitespace()
tokenizer = PreTrainedTokenizerFast(tokenizer_object=splitter, pad_token="[PAD]", unk_token="[UNK]")
torch.manual_seed(0)
sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
config = BertConfig(vocab_size=len(words), id2label={0: "boo", 1: "hooray"}, label2id={"boo": 0, "hooray": 1}, **sizes)
classify = TextClassificationPipeline(model=BertForSequenceClassification(config).eval(), tokenizer=tokenizer, top_k=2)

# %% [mood]
%%endpoint --example {"texts": ["the good film", "bad"]}
def mood(texts: list[str]) -> list[list[dict]]:
    return classify(texts)

# spaCy: a blank pipeline with rules and a component of the notebook.

# %% [component]
import spacy
from spacy.language import Language


@Language.component("shouting")
def shouting(doc):
    doc.user_data["shout"] = doc.text.isupper()
    return doc

# %% [pipeline]
nlp = spacy.blank("en")
nlp.add_pipe("sentencizer")
ruler = nlp.add_pipe("entity_ruler")
ruler.add_patterns([{"label": "ORG", "pattern": "Debian"}])
nlp.add_pipe("shouting")

# %% [read]
%%endpoint --example {"text": "I use Debian. You too."}
def read(text: str) -> dict:
    doc = nlp(text)
    return {
        "sentences": [sentence.text for sentence in doc.sents],
        "entities": [(entity.text, entity.label_) for entity in doc.ents],
        "shout": doc.user_data["shout"],
    }

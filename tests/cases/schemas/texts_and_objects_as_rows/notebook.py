# Rows that are no lists: texts for a vectorizer, objects for a DictVectorizer.

# %% [models]
from sklearn.feature_extraction import DictVectorizer
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

texts = ["good fine", "bad awful"]
facts = [{"city": "Rome", "age": 3}, {"city": "Oslo", "age": 5.5}]

# %% [mood]
%%serve_model mood --example texts
mood = make_pipeline(CountVectorizer(), LogisticRegression()).fit(texts, [1, 0])

# %% [place]
%%serve_model place --example facts
place = make_pipeline(DictVectorizer(), LogisticRegression()).fit(facts, [True, False])

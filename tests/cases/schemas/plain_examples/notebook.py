# Numbers, texts, truth values, null, lists and objects of an unannotated handler, from two examples.

# %% [handler]
%%endpoint POST /total --example {"items": [{"price": 2.5, "count": 2}], "note": null, "vip": true} --example {"items": [], "note": "x", "vip": false, "round": 1}
def total(items, note, vip, round=2):
    value = sum(item["price"] * item["count"] for item in items) * (0.9 if vip else 1)
    return {"total": value, "note": note, "digits": round}

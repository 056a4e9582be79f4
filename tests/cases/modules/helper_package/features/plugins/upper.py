def upper(word):
    return word.upper()

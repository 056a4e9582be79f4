# A handler asks IPython itself.

# %% [user]
%%endpoint --example {}
def user():
    return str(type(get_ipython()))

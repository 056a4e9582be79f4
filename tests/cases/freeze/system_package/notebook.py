# A library of the system that no wheel names, because the code looks for it by itself.

# %% [require]
%nb2svc require apt:libmagic1

# %% [kind]
%%endpoint GET /kind --example {}
def kind():
    return {"kind": "text"}

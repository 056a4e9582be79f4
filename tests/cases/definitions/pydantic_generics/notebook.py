# Generic models, unions that a field tells apart, type adapters, and instances that the notebook holds.

# %% [models]
from typing import Annotated, Generic, Literal, TypeVar, Union

from pydantic import BaseModel, Field, RootModel, TypeAdapter

T = TypeVar("T")

class Page(BaseModel, Generic[T]):
    items: list[T]
    total: int

class Cat(BaseModel):
    kind: Literal["cat"] = "cat"
    lives: int

class Dog(BaseModel):
    kind: Literal["dog"] = "dog"
    name: str

Animal = Annotated[Union[Cat, Dog], Field(discriminator="kind")]

class Names(RootModel[list[str]]):
    pass

Pets = Page[Animal]
adapter = TypeAdapter(list[Animal])

# %% [objects]
first = Page[int](items=[1, 2], total=2)
cats = Pets(items=[Cat(lives=9)], total=1)

# %% [handler]
%%endpoint --example {"pets": {"items": [{"kind": "dog", "name": "Rex"}, {"kind": "cat", "lives": 7}], "total": 2}, "names": ["a"]}
def merged(pets: Page[Animal], names: Names) -> Page[Animal]:
    more = adapter.validate_python([{"kind": "dog", "name": name} for name in names.root])
    return Pets(items=[*pets.items, *cats.items, *more], total=first.total)

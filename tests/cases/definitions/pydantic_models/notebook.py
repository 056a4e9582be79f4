# Pydantic models with all that they can have, using constants and functions of other cells.

# %% [tools]
import re

LONGEST = 8
PATTERN = re.compile(r"[a-z]+")

def tidy(text):
    return text.strip().lower()

# %% [models]
from typing import Annotated

from pydantic import (
    AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, computed_field, field_serializer, field_validator,
    model_validator,
)

Tidy = Annotated[str, BeforeValidator(tidy), AfterValidator(lambda text: text[:LONGEST])]

class Address(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    street: Tidy
    number: int = Field(default=1, ge=1, alias="no")

class Person(BaseModel):
    name: Tidy
    address: Address
    tags: list[str] = Field(default_factory=list, max_length=3)
    height: float | None = None

    @field_validator("tags")
    @classmethod
    def only_letters(cls, tags):
        if not all(PATTERN.fullmatch(tag) for tag in tags):
            raise ValueError("tags are letters")
        return sorted(tags)

    @model_validator(mode="after")
    def named(self):
        if self.name == self.address.street:
            raise ValueError("a person is no street")
        return self

    @computed_field
    @property
    def label(self) -> str:
        return f"{self.name}@{self.address.street}"

    @field_serializer("height")
    def centimetres(self, height: float | None) -> str | None:
        return None if height is None else f"{height:.0f} cm"

# %% [children]
class Employee(Person):
    boss: "Employee | None" = None

somebody = Employee(name=" BOSS ", address={"street": "Top"}, tags=["b", "a"])

# %% [handler]
%%endpoint --example {"name": " ADA LOVELACE ", "address": {"street": "Here", "no": 3}, "tags": ["y", "x"], "height": 165}
def hire(person: Person) -> Employee:
    return Employee(**person.model_dump(exclude={"label", "height"}), boss=somebody)

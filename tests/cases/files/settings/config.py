from pydantic_settings import BaseSettings


class HelperSettings(BaseSettings):
    helper_level: int = 1
    helper_other: int = 2


class TrainingSettings(BaseSettings):
    training_set: str

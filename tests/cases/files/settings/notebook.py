# A notebook's and a helper module's settings classes read variables that no code names; a .env file stays here.

# %% [settings]
from pathlib import Path

_ = Path(".env").write_text("SHOP_TOKEN=from-the-file\nUNRELATED=1\n")

from pydantic import BaseModel
from pydantic_settings import BaseSettings, SettingsConfigDict

from config import HelperSettings


class Cache(BaseModel):
    size: int = 1


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="shop_", env_file=".env", env_nested_delimiter="__", extra="ignore")
    url: str
    mode: str = "slow"
    token: str = ""
    cache: Cache = Cache()

# %% [handler]
%%endpoint GET /settings --example {}
def handler() -> list:
    settings = Settings()
    helper = HelperSettings()
    return [settings.url, settings.mode, len(settings.token), settings.cache.size, helper.helper_level, helper.helper_other]

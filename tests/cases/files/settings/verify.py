import json


def verify(ask, project):
    declared = json.loads((project / "nb2svc.json").read_text())["environment"]
    assert declared == ["HELPER_LEVEL", "SHOP_CACHE__SIZE", "SHOP_MODE", "SHOP_TOKEN", "SHOP_URL"]
    assert not (project / ".env").exists()

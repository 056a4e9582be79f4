"""What nb2svc asks in the notebook; it is not imported in the service."""

import json


class LineAdapter:
    name = "tinyml"  # --format tinyml, and the format in the manifest
    automatic = True  # without --format, too
    loader = "tinyml.loading:load"

    def claims(self, value):
        return any(base.__module__ == "tinyml" and base.__name__ == "Line" for base in type(value).__mro__)

    def embeds(self, value):
        return True  # pickle cannot hold a Line

    def needs(self, value):
        from nb2svc.capture.formats import Needs

        return Needs(modules=("tinyml",))

    def dump(self, value, folder):
        (folder / "line.json").write_text(json.dumps([value.slope, value.offset]))
        return {"version": 1}

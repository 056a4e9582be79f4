class Tool:
    size: int = 1


def of_script(x: int) -> Tool:
    return x * Tool.size

"""How every page is written: with Jinja, and nothing in it taken for markup."""

from jinja2 import Environment, PackageLoader, StrictUndefined


def environment(package: str) -> Environment:
    """Of `package`'s templates. Whatever a run, a speaker or an utterance is called is shown as it
    is called: escaped.
    """
    return Environment(
        loader=PackageLoader(package),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )

"""Publish a trained model on the Hugging Face Hub, with a card that says how far to trust it.

    python -m ser_vae.share MODEL user/name

Writes the model's files, an ONNX graph if the model allows it, and README.md, the model card, to
the folder user/name (or --out), and pushes these files, and no others, with the token of `hf auth
login`. Without a token or a network they are written, but not pushed. Needs the extra `share`.
`ser_vae.load("user/name")` loads what was pushed.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader

from ser_vae import SerVaeError
from ser_vae.export import export_folder, export_onnx
from ser_vae.files import write_text
from ser_vae.recogniser import ESTIMATOR, HUB_ID, JSON, WEIGHTS, Recogniser
from ser_vae.terminal import import_extra, model_parser, run_command

ONNX, CARD = "model.onnx", "README.md"
OPTIONAL = (ONNX, ESTIMATOR)  # files that some models do not have
FILES = (JSON, WEIGHTS, CARD, *OPTIONAL)  # all that is pushed: the folder may hold recordings


def main(arguments: Sequence[str] | None = None) -> int:
    parser = model_parser("share", __doc__, "a run folder, or its model/")
    parser.add_argument("name", type=hub_id, metavar="user/name", help="on the Hugging Face Hub")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="default: user/name")
    parser.add_argument("--private", action="store_true", help="only you can see it")
    return run_command(parser, share, arguments)


def share(options: argparse.Namespace) -> None:
    folder = options.out or Path(options.name)
    import_extra("huggingface_hub", "share")
    write_folder(options.model, options.name, folder, options.trust)
    print(push(folder, options.name, private=options.private))


def hub_id(text: str) -> str:
    if not HUB_ID.fullmatch(text):
        raise argparse.ArgumentTypeError(f"expected user/name, got {text}")
    return text


def write_folder(model: str | Path, name: str, out: Path, trust: Sequence[str] = ()) -> None:
    """Write everything that is pushed.

    Raises:
        SerVaeError: a file of the model is missing or altered, or names a class without `trust`.
    """
    recogniser = Recogniser.load(model, trust=trust)
    export_folder(model, out)
    for optional in {*OPTIONAL} - recogniser.about["checksums"].keys():
        (out / optional).unlink(missing_ok=True)  # of another model of this name
    refused = ""
    try:
        export_onnx(recogniser, out / ONNX)
    except SerVaeError as error:
        refused = str(error).partition("\n")[0]
    write_text(out / CARD, card(recogniser, name, refused))


def push(folder: Path, name: str, *, private: bool) -> str:
    """Push a folder if there is a token; return what was done.

    Raises:
        SerVaeError: the Hub does not answer, or refuses.
    """
    from httpx2 import HTTPError  # noqa: PLC0415  (an extra)
    from huggingface_hub import HfApi, get_token  # noqa: PLC0415

    if get_token() is None:
        return f"written to {folder}, not pushed: no token. To push: hf auth login, then repeat."
    api = HfApi()
    try:
        api.create_repo(name, private=private, exist_ok=True)
        api.upload_folder(
            repo_id=name,
            folder_path=folder,
            allow_patterns=list(FILES),
            delete_patterns=list(OPTIONAL),
        )
    except (HTTPError, OSError, ValueError) as error:  # ValueError: a name that the Hub refuses
        problem = f"{type(error).__name__}: {error}"
        raise SerVaeError(f"written to {folder}, not pushed: {problem}") from error
    return f"pushed to https://huggingface.co/{name}"


def card(recogniser: Recogniser, name: str, onnx_refused: str) -> str:
    """Write the model card; `onnx_refused` says why there is no ONNX file, "" if there is one."""
    from huggingface_hub import EvalResult, ModelCardData  # noqa: PLC0415  (an extra)

    about = recogniser.about
    corpus, protocol = about["corpus"], about["protocol"]
    header = ModelCardData(
        model_name=name.partition("/")[2],
        library_name="ser_vae",
        pipeline_tag="audio-classification",
        license="other",
        tags=["speech-emotion-recognition", "variational-autoencoder"],
        eval_results=[
            EvalResult(
                task_type="audio-classification",
                dataset_type=corpus,
                dataset_name=f"{corpus}, {protocol} split",
                metric_type=metric,
                metric_name=title,
                metric_value=about["scores"][f"{protocol}/test/{title.lower()}"],
            )
            for metric, title in (("recall", "UA"), ("accuracy", "WA"))
        ],
    )
    templates = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=False)
    return templates.get_template("share.jinja").render(
        header=header.to_yaml(),
        name=name,
        about=about,
        emotions=recogniser.emotions,
        model=recogniser.model_name,
        sample_rate=recogniser.extractor.sample_rate,
        onnx=ONNX,
        onnx_refused=onnx_refused,
        json=JSON,
    )


if __name__ == "__main__":
    sys.exit(main())

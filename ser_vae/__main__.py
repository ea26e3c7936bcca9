"""List the commands of ser_vae, or run one: `python -m ser_vae predict MODEL speech.wav`."""

import runpy
import sys

from ser_vae import __version__

COMMANDS = {
    "run": "train and test a model: python -m ser_vae.run model=cvae data=improvised",
    "check": "inspect a corpus before a run: files, labels, whether it can be split",
    "report": "compare runs: tables, one page to explore, figures for a paper",
    "predict": "recognise the emotion of recordings with a trained model",
    "encode": "write the latents of recordings or of a corpus",
    "listen": "listen to reconstructions and traversals of a representation",
    "export": "write a trained model as one ONNX graph or as a folder",
    "share": "publish a trained model on the Hugging Face Hub",
    "app": "try a trained model in the browser",
    "dashboard": "compare runs on Weights & Biases",
}


def main() -> None:
    """Run the command that the first argument names; without arguments, list all commands."""
    name = sys.argv[1] if len(sys.argv) > 1 else "--help"
    if name == "--version":
        print(f"ser_vae {__version__}")
    elif name in COMMANDS:
        sys.argv = sys.argv[1:]
        runpy.run_module(f"ser_vae.{name}", run_name="__main__", alter_sys=True)
    else:
        listed = "\n".join(f"  {command:10} {text}" for command, text in COMMANDS.items())
        if name not in ("-h", "--help"):
            sys.exit(f"error: {name}: no such command. The commands are:\n{listed}")
        print(f"usage: python -m ser_vae.COMMAND …, or ser-vae COMMAND …\n\n{listed}\n")
        print("COMMAND --help describes a command.")


if __name__ == "__main__":
    main()

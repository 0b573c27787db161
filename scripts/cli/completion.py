"""`cccc completion`."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

SECTION = "Maintain", 3
_VARIABLE = "_CCCC_COMPLETE"
_PUT_INTO = {
    "bash": ("~/.bashrc", 'eval "$(cccc completion bash)"'),
    "zsh": ("~/.zshrc", 'eval "$(cccc completion zsh)"'),
    "fish": ("~/.config/fish/config.fish", "cccc completion fish | source"),
}


@click.command()
@click.argument("shell", type=click.Choice(list(_PUT_INTO)))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print a shell completion script.

    SHELL is bash (4.4 or later), zsh or fish. The first line of the output is a comment that says what to add to which
    start-up file.

    \b
    Examples:
      eval "$(cccc completion bash)"
      cccc completion fish | source

    Exit codes: 0 printed, 2 wrong usage.
    """
    file, line = _PUT_INTO[shell]
    completion = get_completion_class(shell)
    assert completion is not None
    click.echo(f"# In {file}: {line}")
    click.echo(completion(ctx.find_root().command, {}, "cccc", _VARIABLE).source())

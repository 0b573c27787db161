"""The two dialogs of the real CLIs: they take the composer's place and pasted text is lost on them."""

from __future__ import annotations

from dataclasses import dataclass

from cccc.scripts.mock_agent.keys import Key


@dataclass
class Dialog:
    """Numbered options, one of them highlighted. Enter picks it, a digit picks its own, Esc says no."""

    above: tuple[str, ...]
    options: tuple[str, ...]
    below: str
    yes: tuple[int, ...]
    exits: bool = False  # "no" ends the program
    highlighted: int = 0

    def press(self, key: Key) -> bool | None:
        """Return the answer that this key gives, or None when the dialog stays open."""
        last = len(self.options) - 1
        if key.kind == "enter":
            return self.highlighted in self.yes
        if key.kind in ("escape", "cancel"):
            return False
        if key.kind == "text" and key.text in [str(number + 1) for number in range(len(self.options))]:
            return int(key.text) - 1 in self.yes
        if key.kind == "up":
            self.highlighted = max(0, self.highlighted - 1)
        elif key.kind == "down":
            self.highlighted = min(last, self.highlighted + 1)
        return None


def trust(folder: str) -> Dialog:
    """Return the question of a CLI in a folder it does not know. A stray Enter exits."""
    return Dialog(
        above=(
            "Accessing workspace:",
            folder,
            "Is this a folder you trust? The CLI will read, edit and run files here.",
        ),
        options=("No, exit", "Yes, I trust this folder"),
        below="Enter to confirm · Esc to cancel",
        yes=(1,),
        exits=True,
    )


def permission(folder: str) -> Dialog:
    """Return the question before a command is run. A stray Enter runs it."""
    return Dialog(
        above=("Bash command", "  make release", "This command requires approval", "Do you want to proceed?"),
        options=("Yes", f"Yes, and don't ask again for make commands in {folder}", "No"),
        below="Esc to cancel · Tab to amend",
        yes=(0, 1),
    )


KINDS = {"trust": trust, "permission": permission}

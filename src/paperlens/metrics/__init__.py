"""How near one picture is to another, each number with its protocol."""

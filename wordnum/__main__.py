"""``python -m wordnum``: the command line."""

from wordnum.cli import main

if __name__ == "__main__":
    main()

import pytest


@pytest.fixture
def make():
    """Make small games whose threads end with the test."""
    from tiny_games import make_game

    made = []

    def make_one(*args, **settings):
        made.append(make_game(*args, **settings))
        return made[-1]

    yield make_one
    for trainer in made:
        trainer.close()

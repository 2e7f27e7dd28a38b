"""The rivals by the estimator that they stand behind."""

from serinette.nets.critic_config import CriticConfig
from serinette.nets.model import SequenceModel
from serinette.training.game.config import AdversarialConfig
from serinette.training.game.critic_rival import make_critic_rival
from serinette.training.game.mediator_rival import MediatorRival
from serinette.training.game.rival import Rival


def make_rival(
    game: AdversarialConfig,
    critic: CriticConfig,
    start: SequenceModel,
    *,
    is_carried: bool,
    seed: int,
) -> Rival:
    """Return a fresh rival on the device of the likelihood model.

    Args:
        game: Names the estimator.
        critic: Sizes of a critic.
        start: The likelihood model; a mediator begins with its weights.
        is_carried: Whether rows read on where they stopped.
        seed: Of a critic's initial weights.
    """
    if game.estimator == "mediator":
        network = SequenceModel(start.config, start.schema).to(start.embedding.weight.device)
        network.load_state_dict(start.state_dict())
        return MediatorRival(network, game, start, is_carried=is_carried)
    return make_critic_rival(game, critic, start, seed=seed)

"""What a rival says, against its definition, on rows that are small enough to add up by hand."""

import pytest
import torch
import torch.nn.functional as F
from tiny_games import FP32, V, corpus_of, uneven

from serinette.training.game.drawing import drawable
from serinette.training.gradients import GradientWorkers

CRITICS = [
    {"estimator": "reinforce", "critic": {"network": "lstm"}, "loss": "bce"},
    {"estimator": "reinforce", "loss": "least-squares"},
    {"estimator": "rollouts", "critic": {"network": "lstm"}, "loss": "hinge"},
]


def noise(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("settings", CRITICS, ids=str)
def test_padding_changes_nothing_for_a_critic(make, settings):
    """A batch of three rows and three that are padding, against the three alone."""
    trainer = make(corpus_of([[2, 3], [4], [5, 6, 5]]), training={"n_workers": 1}, **settings)
    rival = trainer.rival
    padded = trainer._next()
    kept = padded._replace(
        real=type(padded.real)(*(column[:3] for column in padded.real)),
        fake=padded.fake.part(slice(0, 3)),
    )
    states = trainer.model.start(6), trainer.model.start(3)
    for ask, network, of in (
        (rival.loss, rival.network, (None, None)),
        (rival.generator_loss, trainer.model, states),
    ):
        one, other = (
            ask(network, batch, state, noise())
            for batch, state in zip((padded, kept), of, strict=True)
        )
        torch.testing.assert_close(one.nats, other.nats)
        torch.testing.assert_close(one.measured, other.measured)


@pytest.mark.parametrize("settings", CRITICS, ids=str)
def test_the_width_of_a_batch_says_nothing_to_a_critic(make, settings):
    trainer = make(uneven(), training={"n_workers": 1}, **settings)
    rival = trainer.rival
    batch = trainer._next()
    width = batch.longest + 1
    found = []
    for columns in (batch.fake, [F.pad(c, (0, width - c.shape[1])) for c in batch.fake]):
        same = batch._replace(fake=type(batch.fake)(*columns), longest=width)
        found.append(rival.loss(rival.network, same, None, noise()))
    one, other = found
    torch.testing.assert_close(one.nats, other.nats)


def test_a_mediator_that_equals_the_generator_asks_for_nothing(make):
    trainer = make(uneven(), estimator="mediator", anchor=0.0)
    batch = trainer._next()
    loss = trainer.rival.generator_loss(trainer.model, batch, trainer.model.start(6), noise())
    assert loss.nats.item() == pytest.approx(0, abs=1e-4)
    assert float(loss.measured) > 0


def test_the_mediators_loss_weighs_real_and_written_rows_alike(make):
    trainer = make(uneven(), estimator="mediator", training={"n_workers": 1})
    batch, rival = trainer._next(), trainer.rival
    loss = rival.loss(rival.network, batch, None, noise())
    means = []
    fake, real = batch.fake, batch.real
    for inputs, targets, mask in (
        (real.inputs[:3], real.targets[:3], real.mask[:3]),
        (fake.inputs, fake.symbols, fake.mask),
    ):
        hidden, _ = rival.network(inputs, torch.zeros(3, 0).long(), rival.network.start(3))
        log_probs = rival.network.readout.project(hidden).log_softmax(-1)
        told = log_probs.gather(-1, targets[..., None])[..., 0]
        means.append(-told[mask].mean())
    expected = sum(means) / 2 * real.mask.sum()
    torch.testing.assert_close(loss.nats, expected)


@pytest.mark.parametrize("estimator", ["mediator", "reinforce", "gumbel"])
def test_entropy_and_the_likelihood_model_hold_every_estimator(make, estimator):
    losses = []
    for weight in (0.0, 0.5):
        settings = {"entropy": weight, "anchor_kl": 2 * weight, "instance_noise": 0.0}
        trainer = make(uneven(), estimator=estimator, training={"n_workers": 1}, **settings)
        with torch.no_grad():
            trainer.model.readout.bias[3] += 1.0  # away from the likelihood model
        batch = trainer._next()
        loss = trainer.rival.generator_loss(trainer.model, batch, trainer.model.start(6), noise())
        losses.append(loss.nats.item())
    fake = batch.fake
    own, reference = (
        drawable(
            network,
            network(fake.inputs, batch.real.context[-len(fake.inputs) :], network.start(n))[0],
        ).log_softmax(-1)
        for n in [len(fake.inputs)]
        for network in (trainer.model, trainer.rival._anchors._reference)
    )
    entropy = -(own.exp() * own).sum(-1)[fake.mask].mean()
    apart = (own.exp() * (own - reference)).sum(-1)[fake.mask].mean()
    expected = batch.n_real_steps * (apart - 0.5 * entropy)
    assert losses[1] - losses[0] == pytest.approx(expected.item(), rel=1e-3)


def test_the_anchor_is_the_likelihood_of_real_rows(make):
    found = []
    for anchor in (0.0, 0.5):
        trainer = make(uneven(), anchor=anchor, estimator="mediator")
        batch = trainer._next()
        loss = trainer.rival.generator_loss(trainer.model, batch, trainer.model.start(6), noise())
        found.append(loss.nats.item())
        hidden, _ = trainer.model(batch.real.inputs, batch.real.context, trainer.model.start(6))
        log_probs = trainer.model.readout.project(hidden).log_softmax(-1)
        told = log_probs.gather(-1, batch.real.targets[..., None])[..., 0]
        nats = -told[batch.real.mask].sum().item()
        assert float(loss.measured) == pytest.approx(nats, rel=1e-5)
    assert found[1] - found[0] == pytest.approx(0.5 * nats, rel=1e-4)


def test_a_critic_that_is_held_still_neither_learns_nor_turns(make):
    trainer = make(uneven(), estimator="gumbel", critic={"spectral_norm": True})
    rival, batch = trainer.rival, trainer._next()
    before = {name: value.clone() for name, value in rival.network.state_dict().items()}
    rival.hold_(still=True)
    rival.generator_loss(trainer.model, batch, trainer.model.start(6), noise()).nats.backward()
    assert all(p.grad is None for p in rival.network.parameters())
    for name, value in rival.network.state_dict().items():
        assert torch.equal(value, before[name]), name
    rival.hold_(still=False)
    rival.loss(rival.network, batch, None, noise()).nats.backward()
    assert any(p.grad is not None for p in rival.network.parameters())
    after = rival.network.state_dict()
    turned = [
        name for name in after if "vector" in name and not torch.equal(after[name], before[name])
    ]
    assert any(name.startswith("critic.singular") for name in turned)


def test_softening_puts_noise_on_what_the_critic_sees_and_is_kept(make):
    trainer = make(uneven(), estimator="reinforce", instance_noise=0.4)
    trainer.rival.aim_(0.5)
    trainer.rival.soften_(0.1)
    assert trainer.rival._noise_sd() == pytest.approx(0.3)
    other = make(uneven(), estimator="reinforce", instance_noise=0.4)
    other.restore_(trainer.snapshot())
    assert other.rival.state()["extra_noise"] == pytest.approx(0.1)


def test_accuracies_are_told_once(make):
    trainer = make(uneven(), estimator="reinforce", loss="bce")
    trainer.update()
    figures = trainer.figures()
    assert 0 <= figures["critic_real_accuracy"] <= 1
    assert 0 <= figures["critic_fake_accuracy"] <= 1
    assert trainer.figures() == {}


def test_groups_that_use_different_weights_are_added_up():
    """Only the second group of rows has any use for the second weight."""
    model = torch.nn.ParameterDict({"a": torch.ones(2), "b": torch.ones(2)})

    class Batch:
        n_steps = n_measured = 1

        def __init__(self, k=0):
            self.k = k

        def part(self, k, n_parts):
            return Batch(k)

        def to(self, device):
            return self

    def objective(network, batch, state, noise):
        nats = network["a"].sum() + (network["b"].sum() * 3 if batch.k else 0)
        return type("L", (), {"nats": nats, "measured": nats.detach(), "state": None})()

    settings = {"n_workers": 2, "n_threads": 1, "precision": FP32, "seed": 0}
    with GradientWorkers(model, objective=objective, **settings) as workers:
        workers.accumulate_(Batch(), [None, None], 0)
    assert model["a"].grad.tolist() == [2.0, 2.0]
    assert model["b"].grad.tolist() == [3.0, 3.0]


def test_symbols_have_vectors_of_their_own(make):
    critic = make(uneven(), estimator="gumbel").rival.network
    symbols = torch.arange(V)[None]
    hard = critic.embed(symbols)
    soft = critic.embed_softly(F.one_hot(symbols, V).float())
    torch.testing.assert_close(hard, soft)
    assert critic.vectors.std().item() == pytest.approx(1.0, rel=1e-3)

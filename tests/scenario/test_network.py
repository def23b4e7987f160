"""Whether a worker is connected as the pool member that it was."""

from types import SimpleNamespace

from swamp_harness.scenario import network


def test_a_worker_whose_loss_is_noticed_while_the_list_is_read_is_awaited():
    connected = iter([True, False, True])
    listed = SimpleNamespace(name="alpha", instance="7", enrolled_at="noon")
    world = SimpleNamespace(
        member_of=lambda worker: worker,
        live_pool=lambda _: [SimpleNamespace(connected=next(connected))],
        records=SimpleNamespace(pool=lambda **_: [listed]),
    )
    assert network.membership(world, "alpha") == network.Membership("7", "noon", connected=True)

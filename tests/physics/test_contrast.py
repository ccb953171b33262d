"""Signal equations against a slow simulation of the magnetisation, and the contrasts people expect."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from paperlens.data.relaxation import Tissue, fields, tissues
from paperlens.physics.contrast import CONTRASTS, MPRAGE, InversionRecovery, SpinEcho, null_time, protocol


def maps(tissue: Tissue) -> tuple[torch.Tensor, ...]:
    return tuple(torch.tensor(v, dtype=torch.float64) for v in (tissue.pd, tissue.t1, tissue.t2))


def slow_mprage(scan: MPRAGE, t1: float) -> float:
    """Forty repetitions, pulse by pulse: the longitudinal magnetisation recovers, and each flip takes its
    share.
    """

    def recover(m: float, time: float) -> float:
        return 1 + (m - 1) * math.exp(-time / t1)

    m, centre = 1.0, 0.0
    train = scan.readouts * scan.spacing
    for _ in range(40):
        m = recover(-m, scan.ti - train / 2)
        for readout in range(scan.readouts):
            if readout == scan.readouts // 2:
                centre = m
            m = recover(m * math.cos(math.radians(scan.flip)), scan.spacing)
        m = recover(m, scan.tr - scan.ti - train / 2)
    return abs(centre) * math.sin(math.radians(scan.flip))


@given(st.floats(250, 4500), st.floats(4, 14), st.floats(700, 1200))
@settings(deadline=None, max_examples=25)
def test_mprage_is_the_steady_state_of_its_pulses(t1: float, flip: float, ti: float) -> None:
    scan = MPRAGE(tr=2500.0, te=0.0, ti=ti, flip=flip)
    one = torch.ones((), dtype=torch.float64)
    assert float(scan.signal(one, t1 * one, one)) == pytest.approx(slow_mprage(scan, t1), rel=1e-6, abs=1e-9)


def test_spin_echo_and_inversion_recovery_by_hand() -> None:
    pd, t1, t2 = (torch.tensor(v, dtype=torch.float64) for v in (0.8, 1000.0, 100.0))
    assert float(SpinEcho(tr=1000.0, te=100.0).signal(pd, t1, t2)) == pytest.approx(
        0.8 * (1 - math.exp(-1)) * math.exp(-1)
    )
    late = InversionRecovery(tr=1e6, te=0.0, ti=math.log(2) * 1000.0).signal(pd, t1, t2)
    assert float(late) == pytest.approx(0, abs=1e-12)
    early = InversionRecovery(tr=2000.0, te=50.0, ti=100.0).signal(
        pd, t1, t2
    )  # still below zero: bright as well
    wanted = 0.8 * (2 * math.exp(-0.1) - 1 - math.exp(-2)) * math.exp(-0.5)
    assert float(early) == pytest.approx(wanted) and wanted > 0


@given(st.floats(200, 5000), st.floats(1000, 12000))
@settings(deadline=None)
def test_null_time_gives_no_signal(t1: float, tr: float) -> None:
    scan = InversionRecovery(tr=tr, te=0.0, ti=null_time(t1, tr))
    one = torch.ones((), dtype=torch.float64)
    assert float(scan.signal(one, t1 * one, one)) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("field", [0.05, 1.5, 3.0, 7.0])
def test_contrasts_show_what_their_names_say(field: float) -> None:
    found = tissues(field)
    signals = {
        c: {k: float(protocol(c, found["csf"].t1, field < 0.1).signal(*maps(t))) for k, t in found.items()}
        for c in CONTRASTS
    }
    assert signals["T1"]["csf"] < signals["T1"]["gray"] < signals["T1"]["white"]
    assert signals["T2"]["white"] < signals["T2"]["gray"] < signals["T2"]["csf"]
    assert signals["PD"]["white"] < signals["PD"]["gray"]
    assert signals["FLAIR"]["csf"] < 1e-6 < signals["FLAIR"]["gray"]


def test_every_field_has_every_tissue_and_grows_in_t1() -> None:
    assert fields() == (0.05, 1.5, 3.0, 7.0)
    for name in ("gray", "white"):
        times = [tissues(field)[name].t1 for field in fields()]
        assert times == sorted(times)


def test_bad_arguments_are_refused() -> None:
    with pytest.raises(ValueError, match="'DWI' is not one of"):
        protocol("DWI", 4300.0)
    with pytest.raises(ValueError, match="does not fit into TR 1000"):
        MPRAGE(tr=1000.0).signal(*maps(Tissue(pd=1.0, t1=1000.0, t2=80.0)))

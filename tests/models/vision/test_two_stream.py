"""What only the two-stream network promises."""

import torch

from paperlens.models.vision.two_stream import fuse, stack_flow


def test_flow_is_stacked_field_by_field_and_loses_its_mean():
    torch.manual_seed(0)
    flow = torch.randn(2, 3, 2, 5, 4) + 7
    stacked = stack_flow(flow)
    assert stacked.shape == (2, 6, 5, 4)
    for k in range(3):
        for axis in range(2):
            field = flow[:, k, axis]
            mean = field.mean(dim=(1, 2), keepdim=True)
            torch.testing.assert_close(stacked[:, 2 * k + axis], field - mean)


def test_the_streams_are_averaged_as_probabilities():
    sure, unsure = torch.tensor([[9.0, 0.0]]), torch.tensor([[0.0, 1.0]])
    fused = fuse(sure, unsure)
    torch.testing.assert_close(fused.sum(-1), torch.ones(1))
    assert fused.argmax() == 0
    # Averaged logits would say another thing: the sure stream would decide almost alone.
    assert fused[0, 0] < (sure + unsure).div(2).softmax(-1)[0, 0]

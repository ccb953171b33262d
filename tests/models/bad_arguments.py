"""Arguments that a model must refuse: (model, fields replaced in tiny, the two numbers the message holds).

A field `shape` is the shape of an input that the model cannot take.
"""

BAD = [
    ("hat", {"shape": (1, 3, 16, 18)}, (4, 18)),
    ("hat", {"shape": (1, 1, 16, 16)}, (1, 3)),
    ("hat", {"num_heads": 5}, (5, 12)),
    ("hat", {"overlap_ratio": 0.25, "shape": (1, 3, 16, 16)}, (5, 4)),
    ("mprnet", {"shape": (1, 3, 16, 12)}, (8, 12)),
    ("mprnet", {"reduction": 32}, (0, 16)),
    ("nafnet", {"encoder": (1, 1, 1)}, (3, 2)),
    ("restormer", {"shape": (1, 3, 12, 16)}, (8, 12)),
    ("restormer", {"in_channels": 6}, (6, 3)),
    ("restormer", {"num_heads": (1, 3, 2, 4)}, (3, 16)),
    ("swin", {"num_heads": (2, 4, 8)}, (2, 3)),
    ("swin", {"image_size": 40}, (4, 10)),
    ("swin", {"shape": (1, 3, 32, 36)}, (32, 36)),
    ("transformer", {"target_vocabulary": 49}, (49, 50)),
    ("transformer", {"num_heads": 5}, (5, 32)),
    ("transformer", {"dim": 33, "num_heads": 3}, (33, 34)),
    ("mhca", {"num_heads": 4}, (4, 3)),
    ("mhca", {"shape": (1, 3, 8, 8)}, (1, 3)),
    ("mmhca", {"num_heads": 0}, (0, 3)),
    ("ttsr", {"extractor_dims": (4, 6, 9)}, (9, 8)),
    ("vit", {"patch_size": 5}, (5, 32)),
    ("vit", {"shape": (1, 3, 32, 36)}, (32, 36)),
    ("vit", {"num_heads": 5}, (5, 64)),
    ("edsr", {"scale": 6}, (6, 3)),
    ("edsr", {"shape": (2, 4, 9, 9)}, (3, 4)),
    ("swinir", {"num_heads": 5}, (5, 12)),
    ("swinir", {"head": "pixel_shuffle", "scale": 5}, (5, 3)),
    ("swinir", {"head": "nearest_conv", "scale": 3}, (4, 3)),
    ("swinir", {"head": "residual", "scale": 2}, (1, 2)),
    ("swinir", {"window_size": 8, "shape": (1, 3, 16, 4)}, (8, 4)),
    ("swinir", {"shape": (1, 1, 16, 16)}, (1, 3)),
]

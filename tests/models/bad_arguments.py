"""Arguments that a model must refuse: (model, fields replaced in tiny, the two numbers the message holds).

A field `shape` is the shape of an input that the model cannot take.
"""

BAD = [
    ("edsr", {"scale": 6}, (6, 3)),
    ("edsr", {"shape": (2, 4, 9, 9)}, (3, 4)),
    ("swinir", {"num_heads": 5}, (5, 12)),
    ("swinir", {"head": "pixel_shuffle", "scale": 5}, (5, 3)),
    ("swinir", {"head": "residual", "scale": 2}, (1, 2)),
    ("swinir", {"window_size": 8, "shape": (1, 3, 16, 4)}, (8, 4)),
    ("swinir", {"shape": (1, 1, 16, 16)}, (1, 3)),
]

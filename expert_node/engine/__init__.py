"""Text2Video-Zero (Khachatryan et al. 2023) on diffusers' models and schedulers.

Reading order: `recipe` (what a clip is made with), `sampler` (the method), `attention` (frames that look at
the anchor), `motion` (the warp), `generator` (from a spec to pictures).
"""

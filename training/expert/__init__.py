"""How the embedded expert is made: pictures, autoencoder, denoiser, student, measure, export.

Every stage is a program that can be stopped at any moment and started again with the same command;
`python -m training.expert.all` runs them in order.
"""

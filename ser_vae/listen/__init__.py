"""A finished run -> audio and pictures of what its representation makes of speech.

trust      whose code a configuration names
rebuild    a run folder -> its trained model on its own material
sounds     that -> log-mel frames under a name: reconstructed, moved, swapped, drawn from the prior
page       frames -> WAV, PNG and an index.html in one folder
"""

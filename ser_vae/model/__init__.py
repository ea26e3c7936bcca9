"""Models, and what one of your own has to have.

A model is a class that an option of conf/model names as `_target_`, with its settings beside it.
It is built with them and with `input_size` (D) and `num_classes` (K), all by name. What it has
decides what a run does with it:

    level            "segment", or "utterance": a recogniser of whole utterances, see `majority`,
                     `svm` and `utterance_vae`; what follows is of a model of segments
    conditional      whether it is told the label; then each policy of `label_policy` is reported
    quantities       names of what `loss` returns, "loss" among them; empty: nothing to pretrain
    latent_size      Z, what the classifier gets of each segment
    feature(x, c, *, sample, generator=None)
                     x (B, D), c (B, K) -> (B, Z); c is one-hot, or 1 / K where no label is told
    loss(x, c, generator=None)
                     -> each quantity by its name, (B,); `loss` is what pretraining minimises. With
                     `squared_error` and `kl`, label policies can go by the lower bound

and, where it has them:

    fit(segments)    called in place of pretraining, where there are no quantities
    posterior(x, c)  -> `posterior.Posterior`: latent=sample, KL and the rest of its health
    reconstruct(x, c)
                     -> (B, D): its health
    decode(z, c)     (B, Z) -> (B, D): pictures, and what `ser_vae.listen` plays

It is a `torch.nn.Module`. tests/test_own_representation.py runs the least that will do.
"""

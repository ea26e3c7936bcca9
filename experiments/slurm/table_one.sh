#!/usr/bin/env bash
# Table I on the embedded corpus (synthetic speech) by Slurm, with all interruptions of a cluster:
# python experiments/slurm/one_node.py bash experiments/slurm/table_one.sh FOLDER
set -euo pipefail
runs=${1:?folder of the runs}
grid=(python -m ser_vae.run -m +experiment=table1 corpus=demo seed=0 "runs=$runs" trainer=cpu
    hydra/launcher=slurm hydra.launcher.cpus_per_task=1 hydra.launcher.mem_gb=2
    hydra.launcher.array_parallelism=2 training.pretrain.epochs=5 training.classify.epochs=10
    label_policies=headline logger=none threads=1)

say() { printf '%4d s  == %s\n' "$SECONDS" "$*"; }
without_warnings() { grep --line-buffered -v 'sacct\|accounting'; }  # this Slurm has no sacct
wait_for() { until compgen -G "$runs/$1" >/dev/null; do sleep 0.1; done; }
finished() { compgen -G "$runs/random/*/metrics.json" | wc -l; }
first_running() { squeue --noheader --array --states=RUNNING --format=%i | sort -V | head -1; }

say "the grid: nine cells, two at the same time"
"${grid[@]}" > >(without_warnings) 2>&1 &
sweep=$!
trap 'kill -9 $sweep 2>/dev/null || true' EXIT

wait_for "pretrained/ae-*/last.ckpt"
job=$(first_running)
say "an autoencoder is being pretrained; preempt job $((${job#*_} + 1)): scontrol requeue"
scontrol requeue "$job"

wait_for "pretrained/vae-*/last.ckpt"
job=$(first_running)
say "a VAE is being pretrained; signal its time limit to job $((${job#*_} + 1)): scancel --signal=USR2"
scancel --signal=USR2 "$job" 2>/dev/null || true  # complains once the job has requeued itself

for count in {1..8}; do
    until [ "$(finished)" -ge "$count" ]; do sleep 0.1; done
    say "finished: $count of 9"
done
say "kill the command and all jobs: kill -9, scancel"
kill -9 "$sweep"
until [ -z "$(squeue --noheader)" ]; do
    scancel --user="$(id -un)" 2>/dev/null || true  # refused while a job is being requeued
    sleep 1
done
say "finished: $(finished) of 9"

say "the same command again"
"${grid[@]}" > >(without_warnings) 2>&1
say "finished: $(finished) of 9"
say "started more than once, by the logs of the jobs: $(grep -c Starting -r "$runs"/.submitit --include='*.out' | grep -vc ':1$') jobs"
cd "$runs/random"
grep '^ "random/test/ua"' */metrics.json

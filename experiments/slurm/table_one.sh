#!/usr/bin/env bash
# Table I on the embedded corpus, synthetic speech, by Slurm, with everything that a cluster does to
# jobs: python experiments/slurm/one_node.py bash experiments/slurm/table_one.sh FOLDER
set -euo pipefail
runs=${1:?folder of the runs}
grid=(python -m ser_vae.run -m +experiment=table1 corpus=demo seed=0 "runs=$runs" trainer=cpu
    hydra/launcher=slurm hydra.launcher.cpus_per_task=1 hydra.launcher.mem_gb=2
    hydra.launcher.array_parallelism=2 training.pretrain.epochs=5 training.classify.epochs=10
    label_policies=headline logger=none threads=1)

say() { printf '%4d s  == %s\n' "$SECONDS" "$*"; }
timed() { grep --line-buffered '^\[[0-9]* of' | while read -r line; do printf '%4d s  %s\n' "$SECONDS" "$line"; done; }
there() { compgen -G "$runs/$1" >/dev/null; }
wait_for() { until there "$1"; do sleep 0.1; done; }
done_cells() { compgen -G "$runs/random/*/metrics.json" | wc -l; }
running() { squeue --noheader --array --states=RUNNING --format=%i | sort -V | head -1; }

say "the grid: nine cells, two at once"
"${grid[@]}" > >(timed) 2>&1 &
sweep=$!
trap 'kill -9 $sweep 2>/dev/null || true' EXIT

wait_for "pretrained/ae-*/last.ckpt"
job=$(running)
say "as preemption does, in the midst of an autoencoder's pretraining: scontrol requeue, job $((${job#*_} + 1))"
scontrol requeue "$job"

wait_for "pretrained/vae-*/last.ckpt"
job=$(running)
say "as the time limit does, to the first job at work: scancel --signal=USR2, job $((${job#*_} + 1))"
scancel --signal=USR2 "$job" 2>/dev/null || true  # asks again, once the job has queued itself anew

until [ "$(done_cells)" -ge 8 ]; do sleep 0.1; done
say "the command dies, and every job: kill -9, scancel"
kill -9 "$sweep"
until [ -z "$(squeue --noheader)" ]; do
    scancel --user="$(id -un)" 2>/dev/null || true  # one that is being queued again refuses
    sleep 1
done
say "done until here: $(done_cells) of 9"

say "the same command again"
"${grid[@]}" > >(timed) 2>&1
sleep 1
say "done: $(done_cells) of 9"
say "started more than once, by the logs that the jobs left: $(grep -c Starting -r "$runs"/.submitit --include='*.out' | grep -vc ':1$') jobs"
python -m ser_vae.report "$runs"

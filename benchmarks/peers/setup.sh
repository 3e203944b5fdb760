#!/usr/bin/env bash
# Makes the throw-away Python environment of the peer benchmarks.
#
#   EVOGPU_PEERS_VENV   where to put it (default: .venv beside this script)
#   EVOGPU_TORCH_WHEEL  a torch wheel to install, such as a CPU-only build
#                       (default: the pinned torch from the package index)
#   PYTHON              the interpreter to start from (default: python3)
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
venv=${EVOGPU_PEERS_VENV:-$here/.venv}

"${PYTHON:-python3}" -m venv "$venv"
# torch goes first, so that stable-baselines3 finds it and fetches no other.
"$venv/bin/python" -m pip install --quiet "${EVOGPU_TORCH_WHEEL:-torch==2.13.0}"
"$venv/bin/python" -m pip install --quiet -r "$here/requirements.txt"
"$venv/bin/python" - <<'EOF'
import envpool, gymnasium, jax, mujoco, numpy, stable_baselines3, torch
for m in (torch, jax, numpy, gymnasium, stable_baselines3, mujoco, envpool):
    print(m.__name__, m.__version__)
EOF
echo "peers environment: $venv"

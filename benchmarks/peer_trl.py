"""TRL's side of benchmarks/training.py, run by the interpreter that has TRL.

    python peer_trl.py JOB.json

JOB.json has `model`, `adapter`, `rows` (prompt and completion ids, in the order of training),
`batch`, `block`, `blocks`, `threads`, `dtype`, `way`, `learning_rate`, `weight_decay`, `clip` and
`folder`. A line is read before each block of optimiser steps, and one is written after it: its
seconds and the loss of each step.
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import torch
import transformers
from datasets import Dataset
from peft import PeftModel
from trl import SFTConfig, SFTTrainer


class Blocks(transformers.TrainerCallback):
    """Stops between blocks of steps until the other side says `go`."""

    def __init__(self, job: dict[str, Any], told: Any) -> None:
        self.job, self.told = job, told
        self.losses: list[float] = []
        self.began = 0.0

    def wait(self) -> None:
        """Until the next line."""
        if sys.stdin.readline().strip() != "go":
            sys.exit(0)
        self.losses = []
        self.began = time.perf_counter()

    def on_train_begin(self, *_args: Any, **_named: Any) -> None:
        """Before the first batch is fetched."""
        self.wait()

    def on_log(
        self, _args: Any, state: Any, _control: Any, logs: Any = None, **_named: Any
    ) -> None:
        """After each step: its update is done and its loss is known."""
        if "loss" not in (logs or {}):
            return
        self.losses.append(float(logs["loss"]))
        if len(self.losses) == self.job["block"]:
            took = time.perf_counter() - self.began
            print(json.dumps({"seconds": took, "losses": self.losses}), file=self.told, flush=True)
            if state.global_step < state.max_steps:
                self.wait()


def rows_of(job: dict[str, Any]) -> Dataset:
    """Prompt and completion ids, with the mask that has the loss fall on completions."""
    return Dataset.from_list(
        [
            {
                "input_ids": prompt + completion,
                "completion_mask": [0] * len(prompt) + [1] * len(completion),
            }
            for prompt, completion in job["rows"]
        ]
    )


def settings(job: dict[str, Any]) -> SFTConfig:
    """The same optimiser, schedule and order on both sides, and what the way says."""
    way = job["way"]
    return SFTConfig(
        output_dir=job["folder"],
        max_steps=job["block"] * job["blocks"],
        per_device_train_batch_size=job["batch"],
        train_sampling_strategy="sequential",
        completion_only_loss=True,
        max_length=None,
        padding_free=way.get("padding_free", False),
        dataloader_num_workers=way.get("workers", 0),
        bf16=way.get("autocast", False),
        torch_compile=way.get("compile", False),
        gradient_checkpointing=False,
        optim="adamw_torch_fused",
        learning_rate=job["learning_rate"],
        weight_decay=job["weight_decay"],
        max_grad_norm=job["clip"],
        lr_scheduler_type="cosine",
        warmup_steps=0,
        use_cpu=True,
        logging_steps=1,
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
    )


def main() -> None:
    """Train, block by block."""
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    told = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # libraries print too
    torch.set_num_threads(job["threads"])
    base = transformers.AutoModelForCausalLM.from_pretrained(
        job["model"],
        dtype=getattr(torch, job["dtype"]),
        attn_implementation=job["way"].get("attention", "sdpa"),
    )
    model = PeftModel.from_pretrained(base, job["adapter"], is_trainable=True)
    trainer = SFTTrainer(
        model=model,
        args=settings(job),
        train_dataset=rows_of(job),
        processing_class=transformers.AutoTokenizer.from_pretrained(job["model"]),
        callbacks=[Blocks(job, told)],
    )
    torch.set_num_threads(job["threads"])
    trainer.train()


if __name__ == "__main__":
    main()

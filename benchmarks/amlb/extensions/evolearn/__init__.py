"""evolearn in the AutoML Benchmark: called by AMLB, in the Python that runs AMLB."""

from amlb.utils import call_script_in_same_dir


def setup(*args, **kwargs):
    """Make an environment with evolearn."""
    call_script_in_same_dir(__file__, "setup.sh", *args, **kwargs)


def run(dataset, config):
    """Run `exec.py` in that environment, on the table as it came."""
    from frameworks.shared.caller import run_in_venv

    data = {
        "train": {"X": dataset.train.X, "y": dataset.train.y},
        "test": {"X": dataset.test.X, "y": dataset.test.y},
        "problem_type": dataset.type.name,
    }
    if config.measure_inference_time:
        data["inference_subsample_files"] = dataset.inference_subsample_files(fmt="parquet")
    options = {"serialization": {"sparse_dataframe_deserialized_format": "dense"}}
    return run_in_venv(
        __file__, "exec.py", input_data=data, dataset=dataset, config=config, options=options
    )

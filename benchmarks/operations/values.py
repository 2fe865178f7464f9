"""What a person puts into the forms of chatgpt-v1: a value for every name that needs one, files included."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from definitions.schema import Operation
from definitions.simulator import media

MESSAGES = '[{"role": "user", "content": "Which three things should stand in a good README?"}]'
VALUES: Mapping[str, Any] = {
    "model": "gpt-6-luna",
    "messages": MESSAGES,
    "input": "The parcel came late, but everything in it was whole.",
    "prompt": "A lighthouse at dusk",
    "voice": "alloy",
    "purpose": "batch",
    "endpoint": "/v1/responses",
    "completion_window": "24h",
    "training_file": "file-training",
    "input_file_id": "file-input",
    "role": "user",
    "content": "How long does it take?",
    "name": "A name",
    "instructions": "Be kind and short.",
    "limit": "5",
    "temperature": "0.4",
    "response_id": "resp_1",
    "model_id": "ft:gpt-6-luna:acme::x",
    "file_id": "file-1",
    "fine_tuning_job_id": "ftjob-1",
    "batch_id": "batch_1",
    "assistant_id": "asst_1",
    "thread_id": "thread_1",
    "message_id": "msg_1",
    "run_id": "run_1",
    "vector_store_id": "vs_1",
}
OPTIONAL = {"name", "instructions", "limit", "temperature"}  # filled too, where a form has them
ACTIONS: Mapping[str, Mapping[str, Any]] = {
    "analyze_text": {"text": VALUES["input"], "instruction": "Is this friendly?", "model": "gpt-6-luna"},
    "analyze_images": {
        "prompt": "What do these show?",
        "image_urls": "https://example.com/lighthouse.png",
        "images": ["one.png", "two.png"],
        "model": "gpt-6-luna",
    },
    "create_embedding": {"input": VALUES["input"], "model": "text-embedding-3-small", "dimensions": "64"},
    "create_transcription": {"file": "sound.wav", "model": "whisper-1"},
}


def of(operation: Operation) -> dict[str, Any]:
    """Return what goes into the form of an operation; files by their names."""
    wanted = [one.name for one in operation.placeholders if one.required or one.name in OPTIONAL]
    file = "sound.wav" if operation.resource.startswith("audio") else "lines.jsonl"
    return {name: file if name == "file" else VALUES[name] for name in wanted}


def write_files(folder: Path) -> None:
    """Write the files that are handed in: a sound, two pictures, lines of JSON."""
    (folder / "sound.wav").write_bytes(media.sample("audio/wav"))
    for name in ("one.png", "two.png"):
        (folder / name).write_bytes(media.sample("image/png"))
    (folder / "lines.jsonl").write_text('{"custom_id": "1", "method": "POST", "url": "/v1/responses"}\n' * 3)

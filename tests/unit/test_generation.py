import json
from pathlib import Path
from typing import Any

import pytest

from stages.errors import UserError
from stages.generation.answer import Answer, answer_of
from stages.generation.batches import Request, batches_of
from stages.generation.examples import read_draw
from stages.generation.partial import PARTIAL, Done, open_partial
from tests.unit.drawn import write_draw

MESSAGES = ["Olá", "Qual é a capital do Brasil? " * 3, "Resuma o texto. " * 9, "x"]
DONE = Done(0.5, None, [Answer([3, 4], 3, "end"), Answer([], 1, "end")])


@pytest.fixture(scope="module")
def small() -> Any:
    """A small model in fp32, its tokenizer, its ids, and prompts of several lengths."""
    from stages.generation.prompts import fitted_prompt
    from stages.generation.transformers_engine import ids_of
    from tests.unit.small_llama import small_model, small_tokenizer

    tokenizer, model = small_tokenizer(), small_model()
    prompts = [fitted_prompt(tokenizer, message, 500, "here").ids for message in MESSAGES]
    return model, tokenizer, ids_of(tokenizer, model.generation_config), prompts


def by_argmax(model: Any, prompt: list[int], stops: list[int], maximum: int) -> list[int]:
    """What greedy decoding is: the likeliest token, again and again, without batch, pads or cache."""
    import torch

    ids = list(prompt)
    while len(ids) < len(prompt) + maximum and ids[-1] not in stops:
        with torch.inference_mode():
            ids.append(int(model(input_ids=torch.tensor([ids]), use_cache=False).logits[0, -1].argmax()))
    return ids[len(prompt) :]


def test_an_answer_ends_at_the_first_stop() -> None:
    assert answer_of([7, 8, 5, 2, 2], [1, 5]) == Answer([7, 8], 3, "end")
    assert answer_of([5, 2, 2], [1, 5]) == Answer([], 1, "end"), "an empty answer is one"
    assert answer_of([7, 8, 9], [1, 5]) == Answer([7, 8, 9], 3, "length")


def test_a_batch_answers_as_each_prompt_does_alone(small: Any) -> None:
    from stages.generation.transformers_engine import answer_batch

    model, _, ids, prompts = small
    assert len({len(prompt) for prompt in prompts}) == len(prompts), "or nothing is padded"
    batched = answer_batch(model, ids, prompts, 12)
    assert batched == [answer_batch(model, ids, [prompt], 12)[0] for prompt in prompts]
    assert [answer.ids for answer in batched] == [by_argmax(model, prompt, [], 12) for prompt in prompts]


def test_a_row_that_stops_early_holds_neither_its_stop_nor_pads(small: Any) -> None:
    from stages.generation.transformers_engine import answer_batch

    model, _, ids, prompts = small
    whole = [by_argmax(model, prompt, [], 12) for prompt in prompts]
    stop = whole[0][5]  # as if the model ended the first answer there
    answers = answer_batch(model, ids._replace(stops=[stop]), prompts, 12)
    for answer, tokens in zip(answers, whole, strict=True):
        length = tokens.index(stop) if stop in tokens else 12
        assert answer == Answer(tokens[:length], min(length + 1, 12) if stop in tokens else 12, "end" if stop in tokens else "length")
    assert {answer.stop for answer in answers} == {"end", "length"}


def test_nothing_of_the_models_own_generation_settings_tells(small: Any) -> None:
    from transformers import GenerationConfig

    from stages.generation.transformers_engine import answer_batch

    model, _, ids, prompts = small
    expected, own = answer_batch(model, ids, prompts, 12), model.generation_config
    try:
        model.generation_config = GenerationConfig(  # type: ignore[no-untyped-call]
            do_sample=True, temperature=0.3, top_p=0.5, repetition_penalty=5.0, no_repeat_ngram_size=2, min_new_tokens=9, max_length=30
        )
        assert answer_batch(model, ids, prompts, 12) == expected
        assert model.generation_config.repetition_penalty == 5.0, "and it is left as it was"
    finally:
        model.generation_config = own


def test_sampled_answers_follow_their_seed_alone(small: Any) -> None:
    import torch

    from stages.generation.transformers_engine import Sampling, answer_batch

    model, _, ids, prompts = small
    one = answer_batch(model, ids, prompts, 12, Sampling(1.0, 3))
    torch.manual_seed(99)
    state = torch.get_rng_state()
    assert answer_batch(model, ids, prompts, 12, Sampling(1.0, 3)) == one
    assert torch.equal(torch.get_rng_state(), state), "and leave other random numbers alone"
    assert answer_batch(model, ids, prompts, 12, Sampling(1.0, 4)) != one != answer_batch(model, ids, prompts, 12)


def test_too_little_memory_is_said(small: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    from stages.generation.transformers_engine import answer_batch

    def generate(**settings: Any) -> None:
        raise torch.OutOfMemoryError

    model, _, ids, prompts = small
    monkeypatch.setattr(model, "generate", generate)
    with pytest.raises(UserError, match=r"too little for 4 prompts of \d+ tokens.* Lower batch_size"):
        answer_batch(model, ids, prompts, 12)


def test_the_pad_ends_nothing_and_the_end_of_a_turn_does(small: Any) -> None:
    from stages.generation.transformers_engine import ids_of
    from stages.tuning.chat import end_of_turn

    model, tokenizer, ids, _ = small
    assert ids.pad not in ids.stops and end_of_turn(tokenizer) in ids.stops and model.generation_config.eos_token_id in ids.stops
    own = type(model.generation_config)(eos_token_id=[ids.pad])
    with pytest.raises(UserError, match="which ends answers"):
        ids_of(tokenizer, own)


def test_a_prompt_too_long_loses_the_end_of_its_message_alone(small: Any) -> None:
    from stages.generation.prompts import fitted_prompt
    from stages.tuning.chat import end_of_turn

    _, tokenizer, _, _ = small
    message = "Resuma: " + " ".join(f"palavra{number}" for number in range(60))
    whole = fitted_prompt(tokenizer, message, 500, "here")
    assert not whole.shortened
    short = fitted_prompt(tokenizer, message, 100, "here")
    assert short.shortened and 95 < len(short.ids) <= 100
    assert short.ids.count(tokenizer.bos_token_id) == 1 and short.ids[0] == tokenizer.bos_token_id
    end = tokenizer.convert_ids_to_tokens(end_of_turn(tokenizer))
    kept, *closing = tokenizer.decode(short.ids).partition(end)
    expected, *rest = tokenizer.decode(whole.ids).partition(end)
    assert closing == rest and closing[1], "the message is closed and the answer opened"
    assert expected.startswith(kept) and "palavra9 " in kept
    with pytest.raises(UserError, match=r"line 7: prompt: found \d+ tokens of the chat template alone, expected at most 10"):
        fitted_prompt(tokenizer, message, 10, "line 7")


def test_quantised_weights_that_are_read_out_compute_the_same(tmp_path: Path) -> None:
    import torch
    from bitsandbytes.nn.modules import Linear4bit

    from stages.generation.transformers_engine import read_out
    from stages.training_parameters import AdapterArchitecture, QuantisedBase
    from stages.tuning.models import add_adapter, load_base
    from tests.unit.drawn import PARAMETERS
    from tests.unit.small_llama import write_model

    base = QuantisedBase.model_validate(PARAMETERS["architecture"]).model_dump()
    lora = {"lora_rank": 2, "lora_alpha": 4, "lora_dropout": 0.1, "lora_targets": ["q_proj", "down_proj"]}
    architecture = AdapterArchitecture.model_validate(base | lora | {"family": "qlora"})
    model = add_adapter(load_base(write_model(tmp_path), architecture, torch.device("cpu")), architecture, 1).eval()
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter)
    ids = torch.arange(8)[None]
    with torch.inference_mode():
        before = model(input_ids=ids).logits
        read_out(model)
        assert not any(type(layer) is Linear4bit for layer in model.modules())
        torch.testing.assert_close(model(input_ids=ids).logits, before)
        with model.disable_adapter():
            assert not torch.allclose(model(input_ids=ids).logits, before), "and the adapter still tells"


def request(seed: int, task: str, length: int, new: int = 4) -> Request:
    return Request(seed, task, "h", [0] * length, False, new)


def test_batches_are_of_one_seed_and_task_and_like_lengths_widest_first() -> None:
    requests = [request(seed, task, length) for seed in (2, 1) for task in ("qa", "rewriting") for length in (3, 9, 5, 8, 4)]
    batches = batches_of(requests, 2)
    assert sorted(index for batch in batches for index in batch) == list(range(len(requests)))
    for batch in batches:
        assert len({(requests[index].seed, requests[index].task) for index in batch}) == 1 and len(batch) <= 2
    widths = [[len(requests[index].prompt) for index in batch] for batch in batches]
    assert widths == [[9, 8]] * 4 + [[5, 4]] * 4 + [[3]] * 4
    assert batches_of([request(1, "qa", 5, 4), request(1, "rewriting", 4, 8)], 2) == [[1], [0]], "new tokens take memory, too"


def stopped_after(folder: Path, *batches: int) -> Path:
    """What a call leaves that is stopped once these batches are done."""
    with pytest.raises(KeyboardInterrupt), open_partial(folder, "f") as made:
        for number in batches:
            made.add(number, DONE)
        raise KeyboardInterrupt
    return folder / PARTIAL


def test_a_batch_of_which_one_digit_changed_is_answered_again(tmp_path: Path) -> None:
    path = stopped_after(tmp_path, 0, 1)
    path.write_bytes(path.read_bytes().replace(b'"batch": 1', b'"batch": 7'))
    with open_partial(tmp_path, "f") as made:
        assert set(made.done) == {0}


def test_done_batches_outlive_a_call_and_a_cut_line_is_dropped(tmp_path: Path) -> None:
    path = stopped_after(tmp_path, 0, 4)
    sound = path.read_bytes()
    path.write_bytes(sound + b'{"batch": 5, "sec')
    with pytest.raises(KeyboardInterrupt), open_partial(tmp_path, "f") as made:
        assert made.done == {0: DONE, 4: DONE}
        made.add(5, DONE)
        raise KeyboardInterrupt
    assert path.read_bytes().startswith(sound + b'{"batch": 5, ')
    with open_partial(tmp_path, "f") as made:
        assert set(made.done) == {0, 4, 5}
    assert not path.exists()


@pytest.mark.parametrize(
    "damaged", [b"[1]\n", b"5\n", b'{"batch": 1}\n', b"\0\0\n", b'{"batch": 1, "seconds": 1, "kilowatt_hours": null, "answers": [[1]]}\n']
)
def test_from_a_damaged_line_on_batches_are_answered_again(tmp_path: Path, damaged: bytes) -> None:
    with pytest.raises(KeyboardInterrupt), open_partial(tmp_path, "f") as made:
        made.add(0, DONE)
        raise KeyboardInterrupt
    path = tmp_path / PARTIAL
    sound = path.read_bytes()
    path.write_bytes(sound + damaged)
    with pytest.raises(KeyboardInterrupt), open_partial(tmp_path, "f") as made:
        assert made.done == {0: DONE}
        raise KeyboardInterrupt
    assert path.read_bytes() == sound
    path.write_bytes(damaged + sound)
    with open_partial(tmp_path, "f") as made:
        assert not made.done


def test_batches_of_other_inputs_are_dropped_and_this_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(KeyboardInterrupt), open_partial(tmp_path, "one") as made:
        made.add(0, DONE)
        raise KeyboardInterrupt
    with open_partial(tmp_path, "another") as made:
        assert not made.done
        assert json.loads((tmp_path / PARTIAL).read_text())["fingerprint"] == "another"
    assert "all is answered anew" in capsys.readouterr().err


def test_two_calls_at_once_are_refused(tmp_path: Path) -> None:
    with open_partial(tmp_path, "f") as made:
        made.add(0, DONE)
        with pytest.raises(UserError, match="another generation of these answers under way"), open_partial(tmp_path, "f"):
            pass
        assert (tmp_path / PARTIAL).exists()


def test_a_malformed_example_is_named_by_its_line(tmp_path: Path) -> None:
    from stages.manifest import write_manifest

    assert len(read_draw(write_draw(tmp_path, 1)).examples) == 12
    path = tmp_path / "examples.jsonl"
    lines = path.read_text().splitlines()
    for broken, message in (
        ('{"task": "qa"}', r"examples.jsonl: line 3: instruction: found nothing"),
        ("{", r"examples.jsonl: line 3: found invalid JSON"),
        (lines[2].replace('"resposta 2"', "7"), r"line 3: reference: found 7 \(int\)"),
    ):
        path.write_text("\n".join([*lines[:2], broken, *lines[3:]]))
        write_manifest(tmp_path, "examples", "stages.draw", files=["examples.jsonl"], facts={}, parameters={"seed": 1})
        with pytest.raises(UserError, match=message):
            read_draw(tmp_path)

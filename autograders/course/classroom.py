"""The demo's class: who hands in what. The answers are those that the project's own tests grade."""

import ast
from pathlib import Path

import nbformat

from autograders import exercises

# Learner: an answer file for each exercise; "released" is the notebook as it came, "" is nothing at all.
CLASS = {
    "ada": ("good__python_int_in_and_out", "good__compact_loop", "good__train_state"),
    "boris": ("good__named_tuples", "good__setup_with_a_list", "good__tuple_of_params_and_opt_state"),
    "chioma": (
        "bad__leaves_the_state_unchanged__dict_mutated_and_returned",
        "good__own_dense_layer",
        "bad__updates_like_adam__new_opt_state_dropped",
    ),
    "dmitri": (
        "bad__replay_gives_same_answer+keeps_nothing_outside+same_under_jit+counts_to_a_thousand__still_on_self",
        "bad__computes_the_mlp__no_relu_between",
        "bad__jitted_as_a_whole__only_the_gradient",
    ),
    "elif": (
        "bad__same_under_jit__guard_with_an_if",
        "bad__zeroes_only_biases__every_vector",
        "bad__new_order_every_epoch__key_not_split",
    ),
    "farid": (
        "bad__state_keeps_its_form__count_in_a_static_field",
        "bad__forward_uses_the_params+gradients_reach_the_params__init_again_in_forward",
        "bad__mean_cross_entropy+batch_size_equals_classes+large_logits+loss_gradient__softmax_taken_twice",
    ),
    "grace": (
        "good__flax_struct_that_starts_at_one",
        "bad__declares_scale_and_shift+computes_scale_and_shift+params_fit_the_last_axis__arrays_not_parameters",
        "good__dict_state_from_a_factory_donated",
    ),
    "hiro": ("bad__predicts_jitted_after_five_eager__it_always_returns_one", "good__sequential_inside", "released"),
    "ines": ("bad__program_does_not_grow__python_loop", "", ""),
}

EXPLANATIONS = {
    "counter": "jit ran `count` once, to trace it. What it recorded is a program with the constant 1 in it, and only that runs.",
    "linen_module": "Before `init` there are none, `init` returns them, and `apply` is given them. PyTorch keeps them in the module.",
}


def hand_in(notebook: Path, answers: Path) -> None:
    """Write a learner's answers into the fetched notebook, each statement into the cell of its question."""
    content = nbformat.read(notebook, as_version=4)
    exercise = notebook.stem
    cells = {cell.metadata.nbgrader.grade_id: cell for cell in content.cells if "nbgrader" in cell.metadata}
    for question, source in by_question(exercise, answers.read_text(encoding="utf-8")).items():
        cells[f"{question}_answer"].source = source
    if exercise in EXPLANATIONS:
        cells["explain"].source = EXPLANATIONS[exercise]
    nbformat.write(content, notebook)


def by_question(exercise: str, text: str) -> dict[str, str]:
    """The statements of an answer file by question; helpers go with the first answer that follows them."""
    owner = {name: q.id for q in exercises.manifest(exercise).questions for name in q.defines}
    found: dict[str, list[str]] = {}
    waiting: list[str] = []
    for statement in ast.parse(text).body:
        waiting.append(ast.unparse(statement))
        names = {owner[name] for name in defined(statement) if name in owner}
        for question in names:
            found.setdefault(question, []).extend(waiting)
            waiting = []
    if waiting:
        found[list(found)[-1]].extend(waiting)
    return {question: "\n\n".join(sources) for question, sources in found.items()}


def defined(statement: ast.stmt) -> set[str]:
    """The names that a statement defines."""
    if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
        return {statement.name}
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    return {node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name)}

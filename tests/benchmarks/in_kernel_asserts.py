"""What a course without this package would write into its test cells: asserts that run in the learner's own kernel."""

ASSERTS = {
    "counter": {
        "predict": "assert eager_calls == [1, 2, 3] and jitted_calls == [1, 1, 1]\nassert python_side_n == 1",
        "counter_v2": (
            "c = CounterV2()\nn = c.reset()\nstep = jax.jit(c.count)\n"
            "for want in (1, 2, 3, 4):\n    value, n = step(n)\n    assert int(value) == want"
        ),
        "running_mean": (
            "state, xs = init_mean(), [1.0, 4.0, 7.0]\n"
            "for x, want in zip(xs, (1.0, 2.5, 4.0)):\n    mean, state = update_mean(state, jnp.float32(x))\n"
            "    assert abs(float(mean) - want) < 1e-5"
        ),
        "count_many": "values, _ = count_many(CounterV2().reset(), 5)\nassert [int(v) for v in values] == [1, 2, 3, 4, 5]",
    },
    "linen_module": {
        "net": (
            "x = jnp.ones((3, 4))\nv = Net((5, 2)).init(jax.random.key(0), x)\n"
            "assert Net((5, 2)).apply(v, x).shape == (3, 2)\nassert sum(p.size for p in jax.tree.leaves(v)) == 37"
        ),
        "init_and_apply": (
            "x = jnp.ones((4, 12))\np, q = init_params(jax.random.key(0), x), init_params(jax.random.key(1), x)\n"
            "assert forward(p, x).shape == (4, 10)\nassert not jnp.allclose(forward(p, x), forward(q, x))"
        ),
        "pytrees": (
            "p = {'a': {'kernel': jnp.ones((2, 3)), 'bias': jnp.ones(3)}}\nassert count_params(p) == 9\n"
            "assert float(scale_params(p, 2.0)['a']['bias'][0]) == 2.0\nassert float(zero_biases(p)['a']['bias'].sum()) == 0"
        ),
        "own_parameter": (
            "x = jnp.ones((3, 5))\nv = Affine().init(jax.random.key(0), x)\n"
            "assert jnp.allclose(Affine().apply(v, x), x)\nassert v['params']['scale'].shape == (5,)"
        ),
    },
    "train_step": {
        "loss": (
            "b = {'image': train_images[:32], 'label': train_labels[:32]}\ns = create_state(jax.random.key(0))\n"
            "assert 1.5 < float(loss_fn(get_params(s), b)) < 4"
        ),
        "state": "assert len(jax.tree.leaves(get_params(create_state(jax.random.key(0))))) >= 1",
        "train_step": (
            "s = create_state(jax.random.key(0))\nlosses = []\nfor _ in range(30):\n"
            "    s, loss = train_step(s, {'image': train_images[:64], 'label': train_labels[:64]})\n"
            "    losses.append(float(loss))\nassert losses[-1] < losses[0] / 2"
        ),
        "predict": "assert predict(create_state(jax.random.key(0)), train_images[:5]).shape == (5, 10)",
        "fit": (
            "s, losses = fit(create_state(jax.random.key(0)), train_images, train_labels, jax.random.key(1), 20)\n"
            "assert len(losses) == 20\n"
            "right = predict(s, test_images).argmax(-1) == test_labels\nassert float(right.mean()) > 0.95"
        ),
    },
}

"""Adam and Nadam, and their learning rate schedule."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf
import tf_keras as keras

from jner_re.config import TrainConfig


class ConstantThenLinear(keras.optimizers.schedules.LearningRateSchedule):
    """A learning rate that is constant and then falls linearly to 0.

    Args:
      learning_rate: at the start.
      constant_steps: steps until the fall.
      total_steps: steps until 0.
    """

    def __init__(self, learning_rate: float, constant_steps: int, total_steps: int) -> None:
        self.learning_rate = learning_rate
        self.constant_steps = constant_steps
        self.total_steps = total_steps

    def __call__(self, step: tf.Tensor) -> tf.Tensor:
        """The learning rate of one step."""
        rest = (self.total_steps - tf.cast(step, tf.float32)) / max(self.total_steps - self.constant_steps, 1)
        return self.learning_rate * tf.clip_by_value(rest, 0.0, 1.0)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            "learning_rate": self.learning_rate,
            "constant_steps": self.constant_steps,
            "total_steps": self.total_steps,
        }


class WarmUpThenLinear(keras.optimizers.schedules.LearningRateSchedule):
    """A learning rate that rises linearly from 0 and then falls linearly to 0, as BERT is fine-tuned with.

    Args:
      learning_rate: the highest.
      warmup_steps: steps until it.
      total_steps: steps until 0.
    """

    def __init__(self, learning_rate: float, warmup_steps: int, total_steps: int) -> None:
        self.learning_rate = learning_rate
        self.warmup_steps = warmup_steps
        self.total_steps = total_steps

    def __call__(self, step: tf.Tensor) -> tf.Tensor:
        """The learning rate of one step."""
        step = tf.cast(step, tf.float32)
        rise = step / self.warmup_steps if self.warmup_steps else 1.0
        fall = (self.total_steps - step) / max(self.total_steps - self.warmup_steps, 1)
        return self.learning_rate * tf.clip_by_value(tf.minimum(rise, fall), 0.0, 1.0)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            "learning_rate": self.learning_rate,
            "warmup_steps": self.warmup_steps,
            "total_steps": self.total_steps,
        }


class _EncoderRate:
    """A learning rate of their own for an encoder's variables."""

    iterations: tf.Variable  # of the optimizer
    _var_key: Callable[[tf.Variable], str]
    encoder_rate: keras.optimizers.schedules.LearningRateSchedule | None = None
    _encoder_keys: frozenset[str] = frozenset()

    def set_encoder_rate(
        self,
        schedule: keras.optimizers.schedules.LearningRateSchedule,
        variables: Sequence[tf.Variable],
    ) -> None:
        """Makes `schedule` that of `variables`."""
        self.encoder_rate = schedule
        self._encoder_keys = frozenset(map(self._var_key, variables))

    def _is_encoder(self, variable: tf.Variable) -> bool:
        return self._var_key(variable) in self._encoder_keys

    def current_encoder_rate(self) -> tf.Tensor | None:
        """Of the step that comes, if there is one."""
        return None if self.encoder_rate is None else self.encoder_rate(self.iterations)


class Adam(_EncoderRate, keras.optimizers.Adam):
    """Adam (Kingma and Ba, 2015, as at the end of their section 2) by TensorFlow's fused kernel.

    Keras's own takes a dozen operations for every variable, and its scalars anew for each.
    """

    def apply_gradients(self, grads_and_vars: Any, *args: Any, **kwargs: Any) -> tf.Variable:
        """One step: pairs of a gradient and a variable; gives the number of steps made."""
        step = tf.cast(self.iterations + 1, tf.float32)
        self._powers = _Scalars(tf.pow(self.beta_1, step), tf.pow(self.beta_2, step))
        self._own_rate = _Scalars(self.current_encoder_rate())
        return super().apply_gradients(grads_and_vars, *args, **kwargs)

    def update_step(self, gradient: tf.Tensor | tf.IndexedSlices, variable: tf.Variable) -> None:
        """Updates one variable."""
        index = self._index_dict[self._var_key(variable)]
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[index].handle,
            v=self._velocities[index].handle,
            beta1_power=self._powers.values[0],
            beta2_power=self._powers.values[1],
            lr=self._own_rate.values[0]
            if self._is_encoder(variable)
            else tf.cast(self.learning_rate, tf.float32),
            beta1=self.beta_1,
            beta2=self.beta_2,
            epsilon=self.epsilon,
            grad=tf.convert_to_tensor(gradient),
        )


class Nadam(_EncoderRate, keras.optimizers.Nadam):
    """Nadam (Dozat, 2016) with the momentum schedule mu_t = beta_1 (1 - 0.5 · 0.96^t), right in graphs too.

    m, v and n being Adam's moments and the number of steps, p_t the product of mu_1 to mu_t:

        update = (mu_t+1 m / (1 - p_t+1) + (1 - mu_t) g / (1 - p_t)) / (sqrt(v / (1 - beta_2^t)) + epsilon)

    Keras 2.15's own keeps in Python whether p has been updated in this step. In a `tf.function` that is fixed
    when the graph is made, so that p takes mu_t once for every variable and is 0 after the first steps. Here
    all scalars are computed once a step, before the variables.

    TensorFlow's fused Adam with Nesterov's momentum adds m and g in the ratio beta_1 : 1 - beta_1, to which
    the schedule comes in the end. What m lacks of its part is added apart in the first hundreds of steps,
    and left out when it is less than a millionth of it.
    """

    def apply_gradients(self, grads_and_vars: Any, *args: Any, **kwargs: Any) -> tf.Variable:
        """One step: pairs of a gradient and a variable; gives the number of steps made."""
        grads_and_vars = list(grads_and_vars)
        variables = [variable for _, variable in grads_and_vars]
        with tf.init_scope():
            self.build(variables)
        self._compute_current_learning_rate()  # else a schedule's rate is that of the step before
        step = tf.cast(self.iterations + 1, tf.float32)
        mu, next_mu = (self.beta_1 * (1 - 0.5 * tf.pow(0.96, t)) for t in (step, step + 1))
        product = self._u_product.assign(self._u_product * mu)
        correction = tf.sqrt(1 - tf.pow(self.beta_2, step))
        fused = correction * (1 - mu) / (1 - product) / (1 - self.beta_1)
        whole = correction * next_mu / (1 - product * next_mu)
        missing, epsilon = whole - self.beta_1 * fused, self.epsilon * correction
        rate = tf.cast(self.learning_rate, tf.float32)  # Keras has it in floatx
        self._step = _Scalars(fused, epsilon, rate, self.current_encoder_rate())
        iterations = super().apply_gradients(grads_and_vars, *args, **kwargs)

        def add_missing() -> tf.Tensor:
            for variable in variables:
                index = self._index_dict[self._var_key(variable)]
                scale = tf.sqrt(self._velocities[index]) + epsilon
                variable.assign_sub(self._rate(variable) * missing * self._momentums[index] / scale)
            return tf.constant(True)

        tf.cond(tf.abs(missing) > 1e-6 * whole, add_missing, lambda: tf.constant(False))
        return iterations

    def _rate(self, variable: tf.Variable) -> tf.Tensor:
        _, _, rate, encoder_rate = self._step.values
        return encoder_rate if self._is_encoder(variable) else rate

    def update_step(self, gradient: tf.Tensor | tf.IndexedSlices, variable: tf.Variable) -> None:
        """Updates one variable."""
        index = self._index_dict[self._var_key(variable)]
        fused, epsilon, *_ = self._step.values
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[index].handle,
            v=self._velocities[index].handle,
            beta1_power=0.0,  # the rate holds the corrections
            beta2_power=0.0,
            lr=self._rate(variable) * fused,
            beta1=self.beta_1,
            beta2=self.beta_2,
            epsilon=epsilon,
            grad=tf.convert_to_tensor(gradient),
            use_nesterov=True,
        )


class _Scalars:
    """Tensors of one step, kept where Keras does not look for what to save."""

    def __init__(self, *values: tf.Tensor | None) -> None:
        self.values = values


def make(
    config: TrainConfig, steps_per_epoch: int, encoder_weights: Sequence[tf.Variable] = ()
) -> keras.optimizers.Optimizer:
    """Adam or Nadam (paper, section 3.4) with the schedules and clipping of `config`.

    Args:
      config: the optimization.
      steps_per_epoch: batches of an epoch.
      encoder_weights: those of a fine-tuned encoder, which have a learning rate of their own.
    """
    learning_rate: Any = config.learning_rate
    total = steps_per_epoch * config.epochs
    if config.constant_fraction < 1:
        learning_rate = ConstantThenLinear(learning_rate, round(total * config.constant_fraction), total)
    kind = Nadam if config.optimizer == "nadam" else Adam
    optimizer = kind(learning_rate, global_clipnorm=config.clip_norm or None)
    if encoder_weights:
        warmup = round(total * config.encoder_warmup)
        schedule = WarmUpThenLinear(config.encoder_learning_rate, warmup, total)
        optimizer.set_encoder_rate(schedule, encoder_weights)
    return optimizer

"""Prints the ops of TensorFlow that run on a CPU without Python, as a JSON list.

They are read in a process of their own, through the C API: in a process with Python's TensorFlow, imported
packages have registered more ops, and py_function has a kernel.
"""

from __future__ import annotations

import json

from benchmarks.serving.c_api import TensorFlow

_DEVICES = {"CPU", "DEFAULT"}  # DEFAULT: kernels for every device, such as NoOp's

if __name__ == "__main__":
    tensorflow = TensorFlow()
    print(json.dumps([name for name in tensorflow.op_names() if tensorflow.devices(name) & _DEVICES]))

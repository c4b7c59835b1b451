"""What mostly is behind an error of code that is being written, told in a sentence from what the error says."""

import re

# What an error says, with its kind, and what mostly is behind it; the likeliest first.
CAUSES = [
    (r"NoneType(?!' object is not callable)", "What you wrote gives None there: is a `return` missing?"),
    (r"non-iterable (?:function|method|builtin)|not '?(?:function|method|builtin)\b|'(?:function|method)' object",
     "A function stands in place of what it gives: is its `()` missing?"),
    (r"'tuple' object (?:has no attribute|is not callable)|not '?tuple\b|got tuple",
     "A tuple stands where one thing is expected: take that of several results which is meant, and look for a comma at"
     " the end of a line."),
    (r"ndarray' object has no attribute|must be Tensor, not numpy", "A NumPy array stands where a tensor is expected."),
    (r"'(?:numpy\.)?(list|dict|float\d*|int\d*)' object has no attribute",
     "A {0} stands where a tensor is expected, or an array."),
    (r"must be Tensor, not (\w+)", "A {0} stands where a tensor is expected."),
    (r"argument must be .* number, not '(\w+)'|could not convert (string) to float",
     "A {0} stands where a number is expected."),
    (r"(?:^NameError: name|(?:local|free) variable) '(\w+)'",
     "Nothing is called `{0}` there: is it misspelt, not imported, text without quotes, or the name that a result of"
     " yours was to have?"),
    (r"^KeyError: ('[^' ]*'|[\w.]+)$", "The dictionary has no key {0}: is it to be left out, or spelt otherwise?"),
    (r"index (-?\d+) is out of bounds for (?:dimension|axis) (\d+) with size (\d+)",
     "Axis {1} has {2} places, counted from 0: is {0} the number of something else?"),
    (r"before Module\.__init__\(\) call", "`super().__init__()` is missing, or stands below that line."),
    (r"missing the required .forward. function|should implement __(\w+)__",
     "That method is not in the class: is it misspelt, or not indented into it? Or is a part of a model meant, where"
     " all of it is called?"),
    (r"is not a Module subclass|cannot assign 'torch\.nn\.\S+' as child",
     "A class of torch stands there, and no layer: is the `()` missing that makes one of it?"),
    (r"Boolean value of Tensor with more than one value",
     "A whole tensor stands where True or False is expected; or is the `()` missing that makes a loss of its class?"),
    (r"requires grad\. Use", "Only a number or an array may stand there: `.item()`, or no gradients around it."),
    (r"not enough values to unpack|cannot unpack non-iterable"
     r"|'(?:numpy\.)?float\d*' object is not (?:subscriptable|iterable)",
     "Fewer results come back than are expected there: the docstring names them. (A comma at the end of a line makes"
     " one of several.)"),
    (r"too many values to unpack", "More results come back than are expected there: the docstring names them."),
    (r"Sizes of tensors must match|shapes cannot be multiplied|size of tensor a|invalid for input of size"
     r"|same number of dimensions|could not be broadcast|expanded size of the tensor|Expected (?:hidden )?size"
     r"|to have \d+ channels, but|too many indices for|Dimension out of range|inconsistent numbers of samples",
     "Two shapes do not fit: print those in the last line of yours that the traceback shows."),
]  # fmt: skip


def causes_of_error(error):
    """What mostly is behind an error, a list of sentences, the likeliest first; empty where nothing is to be said."""
    text = f"{type(error).__name__}: {error}"
    found = ((told, re.search(seen, text)) for seen, told in CAUSES)
    return [told.format(*filter(None, match.groups())) for told, match in found if match]

"""What mostly is behind an error of code that is being written, told in a sentence from what the error says."""

import re

# What an error says, with its kind, and what mostly is behind it; the likeliest first.
CAUSES = [
    (r"invalid character '(.)'",
     "Python does not know the sign `{0}`, which a text program or another keyboard makes: type it anew in that line,"
     " as one of Python's own quotes, brackets, commas or minus signs."),
    (r"invalid non-printable character (U\+\w+)",
     "A sign that cannot be seen ({0}) was pasted into that line: delete the space there, and type it anew."),
    (r"inconsistent use of tabs|unindent does not match|unexpected indent",
     "Lines of one block do not begin alike, perhaps with tabs here and spaces there: begin them with four spaces."),
    (r"NoneType(?!' object is not callable)", "What you wrote gives None there: is a `return` missing?"),
    (r"non-iterable (?:function|method|builtin)|not '?(?:function|method|builtin)\b|'(?:function|method)' object",
     "A function stands in place of what it gives: is its `()` missing?"),
    (r"list indices must be integers or slices, not",
     "A list stands where a tensor, an array or a dictionary is expected: `torch.stack` makes one tensor of several."),
    (r"'tuple' object (?:has no attribute|is not callable)|not '?tuple\b|got tuple",
     "A tuple stands where one thing is expected: take that of several results which is meant, and look for a comma at"
     " the end of a line."),
    (r"ndarray' object has no attribute|must be Tensor, not numpy", "A NumPy array stands where a tensor is expected."),
    (r"'(?:numpy\.)?(list|dict|str|bool|float\d*|int\d*)' object has no attribute",
     "A {0} stands where a tensor is expected, or an array."),
    (r"(?:must be Tensor, not|expected Tensor as element \d+ in argument \d+, but got) (\w+)",
     "A {0} stands where a tensor is expected."),
    (r"argument must be .* number, not '(\w+)'|could not convert (string) to float|must be real number, not (str|list)",
     "A {0} stands where a number is expected."),
    (r"(?:supported between instances of|operand type\(s\) for) .*'str'|can only concatenate str",
     "Text stands where a number is expected: are there quotes around it?"),
    (r"(?:supported between instances of|operand type\(s\) for) .*'list'|can only concatenate list",
     "A list stands where a number, a tensor or an array is expected, or something else where a list is."),
    (r"operand type\(s\) for .*'([\w.]+)' and '([\w.]+)'",
     "A {0} and a {1} meet there: is one of them to be called first, or taken apart?"),
    (r"(?:^NameError: name|(?:local|free) variable) '(\w+)'",
     "Nothing is called `{0}` there: is it misspelt, not imported, text without quotes, or the name that a result of"
     " yours was to have?"),
    (r"^KeyError: ('[^' ]*'|[\w.]+)$", "The dictionary has no key {0}: is it to be left out, or spelt otherwise?"),
    (r"(?:list|tuple) index out of range",
     "Fewer things are in it than that, counted from 0: is a loop one too long, or an `append` missing?"),
    (r"index out of range in self", "An embedding has fewer rows than the number asks for, counted from 0."),
    (r"index (-?\d+) is out of bounds for (?:dimension|axis) (\d+) with size (\d+)",
     "Axis {1} has {2} places, counted from 0: is {0} the number of something else?"),
    (r"(\w+)\(\) takes no arguments",
     "`{0}` has no `__init__`: is it misspelt (two underscores on each side), or not indented into the class?"),
    (r"takes .*positional arguments? but \d+ w",
     "More is passed than is taken: is `self` missing as a method's first argument, or an argument in the `def`?"),
    (r"missing \d+ required .*arguments?: (.*)",
     "{0} must be passed, too: is the call too short, or are there too many in the `def`?"),
    (r"unexpected keyword argument '(\w+)'",
     "No argument is called `{0}` there: is it misspelt, or missing in the `def`?"),
    (r"received an invalid combination of arguments",
     "One argument is missing, such as `dim`, or of another kind than is expected: the error lists what it may be."),
    (r"before Module\.__init__\(\) call", "`super().__init__()` is missing, or stands below that line."),
    (r"missing the required .forward. function|should implement __(\w+)__",
     "That method is not in the class: is it misspelt, or not indented into it? Or is a part of a model meant, where"
     " all of it is called?"),
    (r"is not a Module subclass|cannot assign 'torch\.nn\.\S+' as child",
     "A class of torch stands there, and no layer: is the `()` missing that makes one of it?"),
    (r"Boolean value of Tensor with more than one value",
     "A whole tensor stands where True or False is expected; or is the `()` missing that makes a loss of its class?"),
    (r"leaf Variable that requires grad", "A weight is changed in place: `with torch.no_grad():` belongs around that."),
    (r"does not require grad and does not have a grad_fn",
     "No weight is behind that number: is there a no_grad(), .detach(), .data or .item() on the way?"),
    (r"backward through the graph a second time",
     "What an earlier step has computed is used again: compute it anew in each step, or .detach() it."),
    (r"modified by an inplace operation",
     "What the gradients need is changed in place, as by `+=` or `x[...] =`: make a new tensor of it."),
    (r"requires grad\. Use", "Only a number or an array may stand there: `.item()`, or no gradients around it."),
    (r"only (?:length-1 arrays|0-dimensional arrays|one element tensors)|cannot be converted to Scalar",
     "Several numbers stand where one is expected: is their sum, their mean, or one of them meant?"),
    (r"mix of [\w-]+ and [\w-]+ targets",
     "scikit-learn takes verdicts there, 0 or 1, and no probabilities: is the comparison with the threshold missing?"),
    (r"same dtype|dtypes match|scalar types?\b|not implemented for '\w+'|infer output dtype|desired output type"
     r"|floating point type",
     "Numbers of two kinds meet, or of one that cannot be used there, such as whole ones for floats: `.float()`,"
     " `.long()` or `.to(x.dtype)` makes the one of the other."),
    (r"non-empty TensorList|need at least one array",
     "Nothing was collected: is an `append` missing, or a loop empty?"),
    (r"empty parameter list",
     "The model knows no weights: is `self.` missing before its layers, or do they stand in a list that is no"
     " `nn.ModuleList`?"),
    (r"zero-dimensional tensor", "Single numbers have no axis to be joined along: `torch.stack` gives them one."),
    (r"maximum recursion depth", "A function calls itself without end: was another one meant there?"),
    (r"ZeroDivisionError", "What is divided by is 0 there: a sum or a number of things, of which there are none?"),
    (r"'(\w+)' object is not callable",
     "A {0} is called as if it were a function: is an operator missing before the bracket, or has a name of yours"
     " replaced a function's?"),
    (r"not enough values to unpack|cannot unpack non-iterable"
     r"|'(?:numpy\.)?float\d*' object is not (?:subscriptable|iterable)",
     "Fewer results come back than are expected there: the docstring names them. (A comma at the end of a line makes"
     " one of several.)"),
    (r"too many values to unpack", "More results come back than are expected there: the docstring names them."),
    (r"Sizes of tensors must match|shapes cannot be multiplied|size of tensor a|invalid for input of size"
     r"|same number of dimensions|could not be broadcast|expanded size of the tensor|Expected (?:hidden )?size"
     r"|to have \d+ channels, but|greater than actual input size|too many indices for|each tensor to be equal size"
     r"|inhomogeneous shape|Dimension out of range|inconsistent numbers of samples",
     "Two shapes do not fit: print those in the last line of yours that the traceback shows."),
]  # fmt: skip


def causes_of_error(error):
    """What mostly is behind an error, a list of sentences, the likeliest first; empty where nothing is to be said."""
    text = f"{type(error).__name__}: {error}"
    found = ((told, re.search(seen, text)) for seen, told in CAUSES)
    causes = [told.format(*filter(None, match.groups())) for told, match in found if match]
    return [re.sub(r"^A (?=[aeiou])", "An ", cause) for cause in causes]

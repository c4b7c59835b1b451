"""Wrong solutions of `seq2seq` that students write. They prove the checks, and they explain failures."""

from graders.guesses import NOTHING, slips, slips_of_letter, slips_of_share
from proctor.authoring.bank import Mistake

DATASET = [
    Mistake(
        name="label_before_visits",
        exercise="dataset",
        hint="Your samples have the label first and the visits second; `collate_fn` unpacks them the other way round.",
        changes=[("return self.x[index], self.y[index]", "return self.y[index], self.x[index]")],
    ),
    Mistake(
        name="global_cohort",
        exercise="dataset",
        hint="Your dataset looks into the notebook's `seqs` and `hfs`. It was given visits and labels "
        "of its own, which may be those of other patients.",
        changes=[("return self.x[index], self.y[index]", "return seqs[index], hfs[index]")],
    ),
    Mistake(
        name="visits_counted",
        exercise="dataset",
        hint="Your length is the number of visits of the first patient. Count patients: they are the outermost list.",
        changes=[("len(self.x)", "len(self.x[0])")],
    ),
    Mistake(
        name="all_visits_counted",
        exercise="dataset",
        hint="Your length is the number of visits of all patients together. A sample is a patient.",
        changes=[("len(self.x)", "sum(len(visits) for visits in self.x)")],
    ),
    Mistake(
        name="length_of_shipped_cohort",
        exercise="dataset",
        hint="Your length is the number of patients in the notebook. A dataset of other patients has another length.",
        changes=[("len(self.x)", "1000")],
    ),
    Mistake(
        name="label_left_out",
        exercise="dataset",
        hint="Your samples are the visits alone. The label belongs to the sample, too.",
        changes=[("return self.x[index], self.y[index]", "return self.x[index]")],
    ),
    Mistake(
        name="tensor_too_early",
        exercise="dataset",
        hint="You make a tensor of the label here. That is the collate function's work, for a whole batch at once.",
        changes=[("self.x[index], self.y[index]", "self.x[index], torch.tensor(self.y[index])")],
    ),
    Mistake(
        name="index_counted_from_one",
        exercise="dataset",
        hint="Each of your samples is the patient before the one that is asked for. Indices already count from zero.",
        changes=[("self.x[index], self.y[index]", "self.x[index - 1], self.y[index - 1]")],
    ),
    Mistake(
        name="codes_sorted",
        exercise="dataset",
        hint="You sort the codes of a visit and drop repeated ones. The dataset only keeps the data; it changes none.",
        changes=[("return self.x[index],", "return [sorted(set(visit)) for visit in self.x[index]],")],
    ),
    Mistake(
        name="other_attribute_names",
        exercise="dataset",
        hint="You keep the visits and the labels under other names. They are asked for as `self.x` and `self.y`.",
        changes=[
            ("self.x = seqs", "self.seqs = seqs"),
            ("self.y = hfs", "self.hfs = hfs"),
            ("len(self.x)", "len(self.seqs)"),
            ("return self.x[index], self.y[index]", "return self.seqs[index], self.hfs[index]"),
        ],
    ),
    Mistake(
        name="label_of_patient_before",
        exercise="dataset",
        hint="Your labels are those of the patient before. Visits and label have the same index.",
        changes=[("return self.x[index], self.y[index]", "return self.x[index], self.y[index - 1]")],
    ),
    Mistake(
        name="visits_joined",
        exercise="dataset",
        hint="You run a patient's visits together into one list. Keep each visit a list of its own.",
        changes=[
            (
                "return self.x[index], self.y[index]",
                "return [code for visit in self.x[index] for code in visit], self.y[index]",
            ),
        ],
    ),
    Mistake(
        name="codes_put_in_order",
        exercise="dataset",
        hint="You sort the codes of a visit. The dataset only keeps the data; it changes none.",
        changes=[("return self.x[index],", "return [sorted(visit) for visit in self.x[index]],")],
    ),
    Mistake(
        name="repeated_codes_dropped",
        exercise="dataset",
        hint="You drop the codes that a visit has twice. The dataset only keeps the data; it changes none.",
        changes=[("return self.x[index],", "return [list(dict.fromkeys(visit)) for visit in self.x[index]],")],
    ),
    Mistake(
        name="rare_codes_dropped",
        exercise="dataset",
        hint="You drop the rare codes here. That is the collate function's work; the dataset keeps the visits as "
        "they are.",
        changes=[
            (
                "return self.x[index],",
                "return [[code for code in visit if code in code2idx] for visit in self.x[index]],",
            ),
        ],
    ),
    Mistake(
        name="visits_as_tensors",
        exercise="dataset",
        hint="You make a tensor of each visit here. That is the collate function's work, for a whole batch at once.",
        changes=[("return self.x[index],", "return [torch.tensor(visit) for visit in self.x[index]],")],
    ),
    Mistake(
        name="last_patient_left_out",
        exercise="dataset",
        hint="Your length is one too small, so that the last patient is never served.",
        changes=[("len(self.x)", "len(self.x) - 1")],
    ),
    Mistake(
        name="visits_backwards",
        exercise="dataset",
        hint="You turn the visits around. The dataset keeps their order, the first one first.",
        changes=[("return self.x[index]", "return self.x[index][::-1]")],
    ),
    Mistake(
        name="from_the_end",
        exercise="dataset",
        hint="You count the patients from the end. Index i is the patient at place i.",
        changes=[("return self.x[index], self.y[index]", "return self.x[-index], self.y[-index]")],
    ),
    Mistake(
        name="first_visit_only",
        exercise="dataset",
        hint="You return the first visit only. A sample has all visits of a patient.",
        changes=[("return self.x[index]", "return self.x[index][0]")],
    ),
    Mistake(
        name="last_visit_left_out",
        exercise="dataset",
        hint="You leave out a patient's last visit. Nothing is to be predicted: a sample has all visits.",
        changes=[("return self.x[index]", "return self.x[index][:-1]")],
    ),
    Mistake(
        name="first_visit_left_out",
        exercise="dataset",
        hint="You leave out a patient's first visit. A sample has all visits.",
        changes=[("return self.x[index]", "return self.x[index][1:]")],
    ),
    Mistake(
        name="attributes_crossed",
        exercise="dataset",
        hint="You keep the labels as `self.x` and the visits as `self.y`. `x` are the visits.",
        changes=[
            ("self.x = seqs", "self.x = hfs"),
            ("self.y = hfs", "self.y = seqs"),
            ("return self.x[index], self.y[index]", "return self.y[index], self.x[index]"),
        ],
    ),
    Mistake(
        name="arguments_crossed",
        exercise="dataset",
        hint="You take the labels for the visits: `seqs` belongs into `self.x`, and `hfs` into `self.y`.",
        changes=[("self.x = seqs", "self.x = hfs"), ("self.y = hfs", "self.y = seqs")],
    ),
    Mistake(
        name="short_patients_dropped",
        exercise="dataset",
        hint=(
            "You drop the patients with a single visit, and only from the visits: every label after them belongs "
            "to somebody else. The dataset keeps all patients."
        ),
        changes=[("self.x = seqs", "self.x = [patient for patient in seqs if len(patient) > 1]")],
    ),
    Mistake(
        name="patients_sorted",
        exercise="dataset",
        hint=(
            "You sort the patients by their number of visits, but not the labels, which then belong to somebody "
            "else. Keep the order."
        ),
        changes=[("self.x = seqs", "self.x = sorted(seqs, key=len)")],
    ),
    Mistake(
        name="labels_sorted",
        exercise="dataset",
        hint="You sort the labels, which then belong to somebody else. Keep the order.",
        changes=[("self.y = hfs", "self.y = sorted(hfs)")],
    ),
    Mistake(
        name="labels_of_the_notebook",
        exercise="dataset",
        hint=(
            "You take the label from the notebook's `hfs`, not from the one that the dataset was made with. Keep "
            "what `__init__` is given."
        ),
        changes=[
            ("return self.x[index], self.y[index]", "return self.x[index], hfs[index]"),
        ],
    ),
    Mistake(
        name="single_visit_unwrapped",
        exercise="dataset",
        hint="You take the only visit of a patient out of its list. A patient is a list of visits, be it of one.",
        changes=[
            (
                "        return self.x[index], self.y[index]",
                "        visits = self.x[index]\n"
                "        return visits[0] if len(visits) == 1 else visits, self.y[index]",
            ),
        ],
    ),
]

COLLATE = [
    Mistake(
        name="code_as_position",
        exercise="collate",
        hint="You use the code itself as the position in x. Codes run up to 618, positions only up to "
        "104: there is a dictionary that leads from one to the other.",
        changes=[("code2idx[code]] = 1", "code] = 1")],
    ),
    Mistake(
        name="rare_codes_unchecked",
        exercise="collate",
        hint="You look every code up in `code2idx`, which knows the frequent ones only. Ask first whether it is there.",
        changes=[("if code in code2idx:", "if True:")],
    ),
    Mistake(
        name="rare_codes_at_zero",
        exercise="collate",
        hint="You give every rare code position 0, which belongs to a frequent code. Rare codes should leave no mark.",
        changes=[("if code in code2idx:", "if True:"), ("code2idx[code]", "code2idx.get(code, 0)")],
    ),
    Mistake(
        name="rare_codes_everywhere",
        exercise="collate",
        hint="For a rare code, `code2idx.get` gives None, and indexing with None sets the whole visit to 1.",
        changes=[("if code in code2idx:", "if True:"), ("code2idx[code]", "code2idx.get(code)")],
    ),
    Mistake(
        name="column_zero_taken_for_none",
        exercise="collate",
        hint="A code whose position is 0 leaves no mark: as a condition, the number 0 is false. Ask whether the code "
        "is known, not whether its position is true.",
        changes=[("if code in code2idx:", "if code2idx.get(code):")],
    ),
    Mistake(
        name="stop_at_rare_code",
        exercise="collate",
        hint="You leave the visit at its first rare code. The codes after it may be frequent again.",
        changes=[
            (
                "if code in code2idx:",
                "if code not in code2idx:\n                    break\n                else:",
            ),
        ],
    ),
    Mistake(
        name="codes_counted",
        exercise="collate",
        hint="You add 1 for each occurrence of a code, so that a repeated one counts twice. The vector "
        "is multi-hot: a code is there or not.",
        changes=[("code2idx[code]] = 1", "code2idx[code]] += 1")],
    ),
    Mistake(
        name="mask_along_visits",
        exercise="collate",
        hint="Your mask adds up over the visits (dim=1) and has one value for each code. It should "
        "have one for each visit.",
        changes=[("dim=-1", "dim=1")],
    ),
    Mistake(
        name="mask_of_padding",
        exercise="collate",
        hint="Your mask is True at the padding and False at the real visits; it should be the other way round.",
        changes=[("x.sum(dim=-1) > 0", "x.sum(dim=-1) == 0")],
    ),
    Mistake(
        name="mask_needs_two_codes",
        exercise="collate",
        hint="Your mask drops visits that have a single frequent code. One is enough.",
        changes=[("x.sum(dim=-1) > 0", "x.sum(dim=-1) > 1")],
    ),
    Mistake(
        name="mask_of_floats",
        exercise="collate",
        hint="Your mask holds numbers, 0 and 1. Later steps select with it, and need True and False.",
        changes=[("x.sum(dim=-1) > 0", "(x.sum(dim=-1) > 0).float()")],
    ),
    Mistake(
        name="mask_by_number_of_visits",
        exercise="collate",
        hint="Your mask counts the visits of each patient. A visit whose codes are all rare is empty "
        "as well, and should be masked like padding.",
        changes=[
            (
                "x.sum(dim=-1) > 0",
                "torch.arange(max_visits) < torch.tensor([len(patient) for patient in sequences]).unsqueeze(1)",
            )
        ],
    ),
    Mistake(
        name="remainder_as_position",
        exercise="collate",
        hint="You take the remainder of the code as its position in x. `code2idx[code]` is the position.",
        changes=[("code2idx[code]] = 1", "code % len(freq_codes)] = 1")],
    ),
    Mistake(
        name="rare_codes_at_the_end",
        exercise="collate",
        hint="You give every rare code the last position, which belongs to a frequent code. Rare codes should "
        "leave no mark.",
        changes=[("if code in code2idx:", "if True:"), ("code2idx[code]", "code2idx.get(code, -1)")],
    ),
    Mistake(
        name="mask_up_to_last_visit",
        exercise="collate",
        hint="Your mask is True up to the last visit that has a code. A visit before it may be empty as well, and"
        " should be masked like padding.",
        changes=[("x.sum(dim=-1) > 0", "(x.sum(dim=-1) > 0).flip(1).cumsum(1).flip(1) > 0")],
    ),
    Mistake(
        name="mask_of_codes",
        exercise="collate",
        hint="Your mask has a value for each code. It should have one for each visit: is there any code?",
        changes=[("x.sum(dim=-1) > 0", "x > 0")],
    ),
    Mistake(
        name="labels_as_integers",
        exercise="collate",
        hint="Your labels are whole numbers. The batch has them as floats.",
        changes=[("torch.tensor(labels, dtype=torch.float)", "torch.tensor(labels)")],
    ),
    Mistake(
        name="x_of_bools",
        exercise="collate",
        hint="Your x holds True and False. The network needs floats, 1 and 0.",
        changes=[("return x, masks, y", "return x.bool(), masks, y")],
    ),
    Mistake(
        name="empty_visits_dropped",
        exercise="collate",
        hint="You take visits without a frequent code out, so that later ones move up. Such a visit keeps its "
        "place; its mask is False.",
        changes=[
            (
                "    y = torch.tensor(labels",
                "    sequences = [[v for v in p if any(c in code2idx for c in v)] or [[]] for p in sequences]\n"
                "    y = torch.tensor(labels",
            ),
        ],
    ),
    Mistake(
        name="patients_in_another_order",
        exercise="collate",
        hint="You put the patients of a batch into another order, as sorting them by their visits does. They stay in "
        "the order in which they come.",
        costly="Hardly a patient is in the right place.",
        changes=[
            (
                "    sequences, labels = zip(*data)",
                "    sequences, labels = zip(*sorted(data, key=lambda sample: -len(sample[0])))",
            ),
        ],
    ),
    Mistake(
        name="padded_as_the_cohort",
        exercise="collate",
        hint="You pad to the longest patient of the notebook's cohort. A batch is as long as its own longest patient.",
        costly="No batch has the shape that is due, and none has room for a longer patient.",
        changes=[("max(len(patient) for patient in sequences)", "max(len(patient) for patient in seqs)")],
    ),
    Mistake(
        name="padding_in_front",
        exercise="collate",
        hint="You put the padding before the visits. It belongs after them.",
        costly="No visit of a shorter patient is in its place.",
        changes=[("x[i_patient, j_visit,", "x[i_patient, max_visits - len(patient) + j_visit,")],
    ),
    Mistake(
        name="codes_shared_out",
        exercise="collate",
        hint="You divide each visit by its number of codes. x is 1 where a visit has a code.",
        costly="A visit of several codes has no 1 at all.",
        changes=[("x.sum(dim=-1) > 0", "x.sum(dim=-1) > 0\n    x = x / x.sum(dim=-1, keepdim=True).clamp(min=1)")],
    ),
    Mistake(
        name="masks_last",
        exercise="collate",
        hint="You return the labels before the masks. The order is x, masks, y.",
        changes=[("return x, masks, y", "return x, y, masks")],
    ),
    Mistake(
        name="position_one_too_low",
        exercise="collate",
        hint="You subtract one from the position of a code. `code2idx` counts from zero, as the columns of x do.",
        changes=[("code2idx[code]]", "code2idx[code] - 1]")],
    ),
    Mistake(
        name="all_visits_real",
        exercise="collate",
        hint=(
            "Your mask is True everywhere: a sum is never below zero. A real visit has at least one code, a sum "
            "above zero."
        ),
        changes=[("> 0", ">= 0")],
    ),
    Mistake(
        name="mask_of_integers",
        exercise="collate",
        hint="Your masks are whole numbers. A comparison gives booleans; leave them as they are.",
        changes=[("masks = x.sum(dim=-1) > 0", "masks = (x.sum(dim=-1) > 0).long()")],
    ),
    Mistake(
        name="long_records_cut",
        exercise="collate",
        hint="You cut long records off. Every visit of a patient counts, however many there are.",
        changes=[("enumerate(patient)", "enumerate(patient[:10])")],
    ),
    Mistake(
        name="mask_squeezed",
        exercise="collate",
        hint="`squeeze()` takes off every axis of length one, those of a single patient and of a single visit, too.",
        changes=[("masks = x.sum(dim=-1) > 0", "masks = (x.sum(dim=-1) > 0).squeeze()")],
    ),
    Mistake(
        name="mask_keeps_axis",
        exercise="collate",
        hint="Your mask keeps an axis of length one at its end.",
        changes=[("masks = x.sum(dim=-1) > 0", "masks = x.sum(dim=-1, keepdim=True) > 0")],
    ),
    Mistake(
        name="mask_of_patients",
        exercise="collate",
        hint="You sum over visits and codes, so that there is one mask for each patient. Each visit has its own.",
        changes=[("masks = x.sum(dim=-1) > 0", "masks = x.sum(dim=(1, 2)) > 0")],
    ),
    Mistake(
        name="mask_one_code_exactly",
        exercise="collate",
        hint="Your mask is True only for visits of exactly one code. At least one is enough.",
        changes=[("> 0", "== 1")],
    ),
    Mistake(
        name="code_as_position_where_it_fits",
        exercise="collate",
        hint="You use the code itself as the position in x, where it is small enough. Each frequent code has a "
        "position of its own, in `code2idx`.",
        changes=[
            ("if code in code2idx:", "if code in code2idx and code < len(freq_codes):"),
            ("code2idx[code]] = 1", "code] = 1"),
        ],
    ),
    Mistake(
        name="last_code_only",
        exercise="collate",
        costly="Of every visit but one code is left.",
        hint="You assign a whole row for each code, so that only the last frequent one of a visit remains. Set a "
        "single number.",
        changes=[
            (
                "x[i_patient, j_visit, code2idx[code]] = 1",
                "x[i_patient, j_visit] = torch.eye(len(freq_codes))[code2idx[code]]",
            )
        ],
    ),
    Mistake(
        name="first_code_only",
        exercise="collate",
        costly="Of every visit but one code is left.",
        hint="You leave the loop over a visit's codes at the first frequent one. A visit may have several.",
        changes=[
            (
                "x[i_patient, j_visit, code2idx[code]] = 1\n",
                "x[i_patient, j_visit, code2idx[code]] = 1\n                    break\n",
            )
        ],
    ),
    Mistake(
        name="visits_newest_first",
        exercise="collate",
        hint="You fill in the visits of a patient from the last to the first. They stay in their order.",
        costly="No visit but the middle one is in its place.",
        changes=[("x[i_patient, j_visit,", "x[i_patient, len(patient) - 1 - j_visit,")],
    ),
    Mistake(
        name="mask_needs_all_codes",
        exercise="collate",
        hint="Your mask is true where a visit has all of the frequent codes. One of them is enough.",
        changes=[("x.sum(dim=-1) > 0", "x.bool().all(dim=-1)")],
    ),
    Mistake(
        name="first_visit_always_real",
        exercise="collate",
        hint="Your mask is true for the first visit of every patient. That may be empty, too.",
        changes=[("x.sum(dim=-1) > 0", "x.sum(dim=-1) > 0\n    masks[:, 0] = True")],
    ),
    Mistake(
        name="last_visit_always_real",
        exercise="collate",
        hint="Your mask is true for the last visit of every patient. That may be empty, too.",
        changes=[
            (
                "x.sum(dim=-1) > 0",
                "x.sum(dim=-1) > 0\n"
                "    for i_patient, patient in enumerate(sequences):\n"
                "        masks[i_patient, len(patient) - 1] = True",
            ),
        ],
    ),
    Mistake(
        name="mask_by_last_code",
        exercise="collate",
        hint=(
            "You set the mask anew for each code, so that the last code of a visit decides alone. One frequent "
            "code is enough, wherever it stands."
        ),
        changes=[
            (
                "x.sum(dim=-1) > 0",
                "torch.tensor(\n"
                "        [\n"
                "            [bool(visit) and visit[-1] in code2idx for visit in patient] + [False] * "
                "(max_visits - len(patient))\n"
                "            for patient in sequences\n"
                "        ]\n"
                "    )",
            ),
        ],
    ),
    Mistake(
        name="mask_by_first_code",
        exercise="collate",
        hint=(
            "The first code of a visit decides over your mask alone. One frequent code is enough, wherever it stands."
        ),
        changes=[
            (
                "x.sum(dim=-1) > 0",
                "torch.tensor(\n"
                "        [\n"
                "            [bool(visit) and visit[0] in code2idx for visit in patient] + [False] * "
                "(max_visits - len(patient))\n"
                "            for patient in sequences\n"
                "        ]\n"
                "    )",
            ),
        ],
    ),
    Mistake(
        name="mask_without_rare_codes",
        exercise="collate",
        hint="Your mask is false as soon as a visit has a rare code. One frequent code is enough.",
        changes=[
            (
                "x.sum(dim=-1) > 0",
                "torch.tensor(\n"
                "        [\n"
                "            [bool(visit) and all(code in code2idx for code in visit) for visit in patient] + "
                "[False] * (max_visits - len(patient))\n"
                "            for patient in sequences\n"
                "        ]\n"
                "    )",
            ),
        ],
    ),
    Mistake(
        name="data_cleaned_in_place",
        exercise="collate",
        hint=(
            "You take the rare codes out of the data itself. It is the dataset's, which needs its visits as they "
            "are in every epoch."
        ),
        changes=[
            (
                "            for code in visit:\n",
                "            visit[:] = [code for code in visit if code in code2idx]\n"
                "            for code in visit:\n"
                "",
            ),
        ],
    ),
    Mistake(
        name="first_column_taken_for_padding",
        exercise="collate",
        hint="Your mask leaves out the first column of x, as if it stood for padding. It is a code like the others.",
        changes=[
            ("masks = x.sum(dim=-1) > 0", "masks = x[:, :, 1:].sum(dim=-1) > 0"),
        ],
    ),
    Mistake(
        name="last_column_taken_for_padding",
        exercise="collate",
        hint="Your mask leaves out the last column of x, as if it stood for padding. It is a code like the others.",
        changes=[
            ("masks = x.sum(dim=-1) > 0", "masks = x[:, :, :-1].sum(dim=-1) > 0"),
        ],
    ),
]

LOADERS = [
    Mistake(
        name="validation_shuffled",
        exercise="loaders",
        hint="You shuffle the validation data, too. Their order should stay, so that results can be "
        "matched to patients.",
        changes=[("shuffle=False", "shuffle=True")],
    ),
    Mistake(
        name="train_not_shuffled",
        exercise="loaders",
        hint="You serve the training data in the same order in each epoch. Ask the train loader to mix them.",
        changes=[("shuffle=True", "shuffle=False")],
    ),
    Mistake(
        name="shuffles_exchanged",
        exercise="loaders",
        hint="You shuffle the validation data in place of the training data.",
        changes=[
            ("val_dataset, batch_size=32, shuffle=False", "val_dataset, batch_size=32, shuffle=True"),
            ("train_dataset, batch_size=32, shuffle=True", "train_dataset, batch_size=32, shuffle=False"),
        ],
    ),
    Mistake(
        name="collate_not_passed",
        exercise="loaders",
        hint="Your validation loader has no collate function, so that it tries to stack lists of different lengths.",
        changes=[("shuffle=False, collate_fn=collate_fn", "shuffle=False")],
    ),
    Mistake(
        name="collate_not_passed_for_training",
        exercise="loaders",
        hint="Your training loader has no collate function, so that it tries to stack lists of different lengths.",
        changes=[("shuffle=True, collate_fn=collate_fn", "shuffle=True")],
    ),
    Mistake(
        name="batches_of_one",
        exercise="loaders",
        hint="Your validation loader has no batch size, so that it serves one patient at a time.",
        changes=[("val_dataset, batch_size=32, ", "val_dataset, ")],
    ),
    Mistake(
        name="training_batches_of_one",
        exercise="loaders",
        hint="Your training loader has no batch size, so that it serves one patient at a time.",
        changes=[("train_dataset, batch_size=32, ", "train_dataset, ")],
    ),
    Mistake(
        name="no_batch_size",
        exercise="loaders",
        hint="Neither of your loaders has a batch size, so that they serve one patient at a time.",
        changes=[
            ("train_dataset, batch_size=32, ", "train_dataset, "),
            ("val_dataset, batch_size=32, ", "val_dataset, "),
        ],
    ),
    Mistake(
        name="last_batch_dropped",
        exercise="loaders",
        hint="You drop the last batch where it is not full. Those patients would never be trained on.",
        changes=[("shuffle=True, ", "shuffle=True, drop_last=True, ")],
    ),
    Mistake(
        name="train_data_twice",
        exercise="loaders",
        hint="Both of your loaders serve the training data. The validation loader has a dataset of its own.",
        changes=[("val_dataset, batch", "train_dataset, batch")],
    ),
    Mistake(
        name="batches_of_64",
        exercise="loaders",
        hint="Your batches have 64 patients. They should have 32.",
        changes=[
            ("train_dataset, batch_size=32", "train_dataset, batch_size=64"),
            ("val_dataset, batch_size=32", "val_dataset, batch_size=64"),
        ],
    ),
    Mistake(
        name="validation_in_one_batch",
        exercise="loaders",
        hint="Your validation loader serves all patients in one batch. Its batches should have 32.",
        changes=[("val_dataset, batch_size=32", "val_dataset, batch_size=len(val_dataset)")],
    ),
    Mistake(
        name="collate_never_passed",
        exercise="loaders",
        hint="Neither of your loaders has the collate function, so that they try to stack lists of different lengths.",
        changes=[
            ("shuffle=True, collate_fn=collate_fn", "shuffle=True"),
            ("shuffle=False, collate_fn=collate_fn", "shuffle=False"),
        ],
    ),
    Mistake(
        name="last_validation_batch_dropped",
        exercise="loaders",
        hint="You drop the last validation batch where it is not full. Those patients would never be looked at.",
        changes=[("shuffle=False, ", "shuffle=False, drop_last=True, ")],
    ),
    Mistake(
        name="iterators_returned",
        exercise="loaders",
        hint="You return iterators (`iter`), which are used up after one epoch. Return the `DataLoader`s themselves.",
        changes=[("return train_loader, val_loader", "return iter(train_loader), iter(val_loader)")],
    ),
    Mistake(
        name="last_batches_dropped",
        exercise="loaders",
        hint="You drop the last batch where it is not full, in training and in validation. No patient should be "
        "left out.",
        changes=[
            ("shuffle=True, ", "shuffle=True, drop_last=True, "),
            ("shuffle=False, ", "shuffle=False, drop_last=True, "),
        ],
    ),
    Mistake(
        name="loaders_exchanged",
        exercise="loaders",
        hint="You return the validation loader first. The train loader comes first.",
        changes=[("return train_loader, val_loader", "return val_loader, train_loader")],
    ),
    Mistake(
        name="shuffled_once",
        exercise="loaders",
        hint="You mix the training patients once, and serve them in this order in every epoch. `shuffle=True` "
        "draws a new order each time.",
        changes=[
            (
                "train_dataset, batch_size=32, shuffle=True",
                "random.sample(list(train_dataset), len(train_dataset)), batch_size=32",
            ),
        ],
    ),
    Mistake(
        name="drawn_with_replacement",
        exercise="loaders",
        hint="You draw the training patients with replacement, so that some come twice and others not at all. "
        "Shuffle them.",
        changes=[
            (
                "train_dataset, batch_size=32, shuffle=True",
                "train_dataset, batch_size=32, sampler=torch.utils.data.RandomSampler(train_dataset, replacement=True)",
            ),
        ],
    ),
    Mistake(
        name="validation_data_twice",
        exercise="loaders",
        hint="Both of your loaders serve the validation patients.",
        changes=[("train_dataset, batch", "val_dataset, batch")],
    ),
    Mistake(
        name="training_batches_of_64",
        exercise="loaders",
        hint="Your training batches have 64 patients. 32 are asked for.",
        changes=[("train_dataset, batch_size=32", "train_dataset, batch_size=64")],
    ),
    Mistake(
        name="validation_batches_of_64",
        exercise="loaders",
        hint="Your validation batches have 64 patients. 32 are asked for.",
        changes=[("val_dataset, batch_size=32", "val_dataset, batch_size=64")],
    ),
    Mistake(
        name="batches_of_16",
        exercise="loaders",
        hint="Your batches have 16 patients. 32 are asked for.",
        changes=[
            ("train_dataset, batch_size=32", "train_dataset, batch_size=16"),
            ("val_dataset, batch_size=32", "val_dataset, batch_size=16"),
        ],
    ),
    Mistake(
        name="batches_of_128",
        exercise="loaders",
        hint="Your batches have 128 patients. 32 are asked for.",
        changes=[
            ("train_dataset, batch_size=32", "train_dataset, batch_size=128"),
            ("val_dataset, batch_size=32", "val_dataset, batch_size=128"),
        ],
    ),
    Mistake(
        name="training_with_validation_data",
        exercise="loaders",
        hint="Your train loader serves the patients of both datasets. Those of the validation are kept for it alone.",
        changes=[
            ("train_dataset, batch", "torch.utils.data.ConcatDataset([train_dataset, val_dataset]), batch"),
        ],
    ),
    Mistake(
        name="validation_with_train_data",
        exercise="loaders",
        hint="Your validation loader serves the patients of both datasets. It is to have its own alone.",
        changes=[
            ("val_dataset, batch", "torch.utils.data.ConcatDataset([train_dataset, val_dataset]), batch"),
        ],
    ),
]

ENCODER = [
    Mistake(
        name="masks_guessed_from_x",
        exercise="encoder",
        hint="You never use `masks`, but guess from x which visits are real: one without codes may be. What you are "
        "given says it.",
        changes=[("~masks.unsqueeze(-1)", "x.sum(dim=-1, keepdim=True) == 0")],
    ),
    Mistake(
        name="kernel_of_one_visit",
        exercise="encoder",
        hint="Your convolution sees one visit at a time. Its kernel should also cover the visit before "
        "and the one after.",
        changes=[("kernel_size=(3, 105), padding=(1, 0)", "kernel_size=(1, 105)")],
    ),
    Mistake(
        name="visits_not_padded",
        exercise="encoder",
        hint="Your convolution loses a visit at either end, since it is not padded there.",
        changes=[(", padding=(1, 0)", "")],
    ),
    Mistake(
        name="softmax_over_hidden",
        exercise="encoder",
        hint="Your softmax runs over the last axis (dim=2), which has a single score, and so gives 1 "
        "to every visit. Attention is shared among the visits (dim=1).",
        changes=[("torch.softmax(scores, dim=1)", "torch.softmax(scores, dim=2)")],
    ),
    Mistake(
        name="softmax_over_patients",
        exercise="encoder",
        hint="Your softmax runs over the patients (dim=0), so that they compete for attention. It is "
        "shared among the visits of each patient (dim=1).",
        changes=[("torch.softmax(scores, dim=1)", "torch.softmax(scores, dim=0)")],
    ),
    Mistake(
        name="masks_forgotten",
        exercise="encoder",
        hint="You do not use the masks, so that padded visits get a share of the attention.",
        changes=[(".masked_fill(\n            ~masks.unsqueeze(-1), -1e9)", "")],
    ),
    Mistake(
        name="masks_inverted",
        exercise="encoder",
        hint="You mask out the real visits and keep the padded ones. The masks are True where a visit is real.",
        changes=[("~masks", "masks")],
    ),
    Mistake(
        name="relu_of_hidden_states",
        exercise="encoder",
        hint="You put a ReLU after the convolution. The hidden states are what the convolution gives, as it gives it.",
        changes=[(".squeeze(-1).transpose(1, 2)", ".squeeze(-1).transpose(1, 2).relu()")],
    ),
    Mistake(
        name="tanh_of_hidden_states",
        exercise="encoder",
        hint="You put a tanh after the convolution. The hidden states are what the convolution gives, as it gives it.",
        changes=[(".squeeze(-1).transpose(1, 2)", ".squeeze(-1).transpose(1, 2).tanh()")],
    ),
    Mistake(
        name="score_of_zero",
        exercise="encoder",
        hint="You set the scores of padded visits to 0, which a softmax takes for a score like any "
        "other. A score must be very low to get no attention.",
        changes=[("-1e9", "0.0")],
    ),
    Mistake(
        name="score_of_minus_infinity",
        exercise="encoder",
        hint="A patient without any real visit gets NaN: with nothing but minus infinity the softmax is 0 / 0, and so "
        "is a division by the attention of real visits. Mask with a very low score.",
        changes=[("-1e9", 'float("-inf")')],
    ),
    Mistake(
        name="nan_replaced_in_context",
        exercise="encoder",
        hint="You replace the NaN of a patient without any real visit in the context. On the way back it comes up all "
        "the same, and spoils the weights. Mask with -1e9.",
        changes=[
            ("-1e9", 'float("-inf")'),
            ("(attention * hidden_states).sum(dim=1)", "(attention * hidden_states).sum(dim=1).nan_to_num()"),
        ],
    ),
    Mistake(
        name="masked_after_softmax",
        exercise="encoder",
        hint="You mask the attention after the softmax. The padded visits have taken their share by "
        "then, and the rest no longer sums to one.",
        changes=[
            (".masked_fill(\n            ~masks.unsqueeze(-1), -1e9)", ""),
            ("torch.softmax(scores, dim=1)", "torch.softmax(scores, dim=1) * masks.unsqueeze(-1)"),
        ],
    ),
    Mistake(
        name="mean_over_visits",
        exercise="encoder",
        hint="You average the weighted hidden states. The attention is an average already: its weights sum to one.",
        changes=[("(attention * hidden_states).sum(dim=1)", "(attention * hidden_states).mean(dim=1)")],
    ),
    Mistake(
        name="states_not_summed",
        exercise="encoder",
        hint="You weigh the hidden states, but do not add them up. The context is one vector for each patient.",
        changes=[("(attention * hidden_states).sum(dim=1)", "attention * hidden_states")],
    ),
    Mistake(
        name="summed_over_hidden",
        exercise="encoder",
        hint="You add up the 128 numbers of each visit (dim=2). The context adds up the visits (dim=1).",
        changes=[("(attention * hidden_states).sum(dim=1)", "(attention * hidden_states).sum(dim=2)")],
    ),
    Mistake(
        name="summed_over_patients",
        exercise="encoder",
        hint="You add up over the patients (dim=0), and so mix them. The context adds up the visits (dim=1).",
        changes=[("(attention * hidden_states).sum(dim=1)", "(attention * hidden_states).sum(dim=0)")],
    ),
    Mistake(
        name="everything_summed",
        exercise="encoder",
        hint="`sum()` without an axis adds up everything to a single number. Add up over the visits (dim=1).",
        costly="One number for all patients is no context: nothing that comes back is one.",
        changes=[("(attention * hidden_states).sum(dim=1)", "(attention * hidden_states).sum()")],
    ),
    Mistake(
        name="attention_summed_alone",
        exercise="encoder",
        hint="You add up the attention itself, which gives one for every patient. It is the hidden states that are "
        "added up, each times its attention.",
        costly="What comes out is no context: neither its shape nor any of its numbers is that of one.",
        changes=[("(attention * hidden_states).sum(dim=1)", "attention.sum(dim=1)")],
    ),
    Mistake(
        name="scores_summed",
        exercise="encoder",
        hint="You weigh the scores with the attention. What is weighed and added up is the hidden states.",
        changes=[("(attention * hidden_states).sum(dim=1)", "(attention * scores).sum(dim=1)")],
    ),
    Mistake(
        name="logarithm_of_attention",
        exercise="encoder",
        hint="`log_softmax` gives the logarithm of the attention. Weights that sum to one come from `softmax`.",
        changes=[("torch.softmax(scores, dim=1)", "torch.log_softmax(scores, dim=1)")],
    ),
    Mistake(
        name="sigmoid_for_softmax",
        exercise="encoder",
        hint="A sigmoid weighs each visit for itself. Attention is shared out: a softmax over the visits sums to one.",
        changes=[("torch.softmax(scores, dim=1)", "torch.sigmoid(scores)")],
    ),
    Mistake(
        name="largest_of_weighted_states",
        exercise="encoder",
        hint="You take the largest of the weighted hidden states. They are to be added up.",
        changes=[("(attention * hidden_states).sum(dim=1)", "(attention * hidden_states).amax(dim=1)")],
    ),
    Mistake(
        name="sum_detached",
        exercise="encoder",
        hint="You cut the context off from its gradient, so that the encoder never learns.",
        changes=[("(attention * hidden_states).sum(dim=1)", "(attention * hidden_states).sum(dim=1).detach()")],
    ),
    Mistake(
        name="reshaped_not_transposed",
        exercise="encoder",
        hint="You reshape the hidden states from (batch, 128, visits) to (batch, visits, 128). That "
        "keeps the order of the numbers and mixes visits with channels; the axes have to be "
        "swapped.",
        changes=[(".squeeze(-1).transpose(1, 2)", ".reshape(x.shape[0], x.shape[1], 128)")],
    ),
    Mistake(
        name="squeezed_too_much",
        exercise="encoder",
        hint="`squeeze()` without an axis also removes the axis of a single patient, or of a single "
        "visit. Name the axis.",
        changes=[(".squeeze(-1)", ".squeeze()")],
    ),
    Mistake(
        name="attention_detached",
        exercise="encoder",
        hint="You cut the attention scores off from their gradient, so that `att` never learns.",
        changes=[("self.att(hidden_states)", "self.att(hidden_states).detach()")],
    ),
    Mistake(
        name="hidden_states_detached",
        exercise="encoder",
        hint="You cut the hidden states that you sum up off from their gradient, so that `cnn` learns by way of the "
        "scores alone.",
        changes=[("(attention * hidden_states)", "(attention * hidden_states.detach())")],
    ),
    Mistake(
        name="dropout_unasked",
        exercise="encoder",
        hint=(
            "Your encoder gives something else in training mode, such as by a dropout, or by what it draws or keeps. "
            "None of that is asked for."
        ),
        changes=[
            ("context = (attention", "context = nn.Dropout(0.2 * self.training)((attention"),
            ("sum(dim=1)", "sum(dim=1))"),
        ],
    ),
    Mistake(
        name="squeezed_everywhere",
        exercise="encoder",
        hint="`squeeze()` without an axis takes off that of a single patient and that of a single visit, too.",
        code="""
class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.cnn = nn.Conv2d(1, 128, kernel_size=(3, 105), padding=(1, 0))
        self.att = nn.Linear(128, 1)

    def forward(self, x, masks):
        hidden_states = self.cnn(x.unsqueeze(1)).squeeze().transpose(-2, -1)
        scores = self.att(hidden_states).squeeze().masked_fill(~masks, -1e9)
        attention = torch.softmax(scores, dim=-1)
        return (attention.unsqueeze(-1) * hidden_states).sum(dim=-2)
""",
    ),
    Mistake(
        name="scores_on_cpu",
        exercise="encoder",
        hint="You make a new tensor without saying where. It lies on the CPU, also when the model is on a GPU.",
        changes=[
            (
                "self.att(hidden_states).masked_fill(\n            ~masks.unsqueeze(-1), -1e9)",
                "self.att(hidden_states) - 1e9 * torch.ones(x.shape[0], x.shape[1], 1) * ~masks.unsqueeze(-1)",
            )
        ],
    ),
    Mistake(
        name="masks_changed_in_place",
        exercise="encoder",
        hint="You turn the masks around in place, and so those of whoever calls you. `~masks` makes new ones.",
        changes=[("~masks.unsqueeze(-1)", "masks.logical_not_().unsqueeze(-1)")],
    ),
    Mistake(
        name="convolution_without_bias",
        exercise="encoder",
        hint="Your convolution has no bias. The layer that is asked for has one.",
        changes=[("padding=(1, 0)", "padding=(1, 0), bias=False")],
    ),
    Mistake(
        name="tanh_of_scores",
        exercise="encoder",
        hint="You put a tanh around the scores. The softmax takes them as `att` gives them.",
        changes=[("self.att(hidden_states)", "torch.tanh(self.att(hidden_states))")],
    ),
    Mistake(
        name="scores_scaled",
        exercise="encoder",
        hint="You divide the scores by the root of 128. The softmax takes them as `att` gives them.",
        changes=[("self.att(hidden_states)", "(self.att(hidden_states) / 128**0.5)")],
    ),
    Mistake(
        name="attention_returned_too",
        exercise="encoder",
        hint="You return the attention beside the context. The context alone is asked for.",
        costly="A pair is no context: nothing that comes back is one.",
        changes=[("return context", "return context, attention")],
    ),
    Mistake(
        name="hidden_states_masked",
        exercise="encoder",
        hint=(
            "You set the hidden states of padded visits to zero, but not their scores: they still take a share of"
            " the attention."
        ),
        changes=[
            (
                "scores = self.att(hidden_states).masked_fill(\n            ~masks.unsqueeze(-1), -1e9)",
                "hidden_states = hidden_states * masks.unsqueeze(-1)\n        scores = self.att(hidden_states)",
            )
        ],
    ),
    Mistake(
        name="score_of_minus_ten",
        exercise="encoder",
        hint="You set the scores of padded visits to -10. That is not low enough next to other low scores.",
        changes=[("-1e9", "-10.0")],
    ),
    Mistake(
        name="exponentials_over_their_sum",
        exercise="encoder",
        hint="You divide exponentials by their sum and a small number. Where all scores are low, all exponentials are "
        "zero, and so is the context. `torch.softmax` takes the highest score off first.",
        changes=[
            (
                "torch.softmax(scores, dim=1)",
                "scores.exp() / (scores.exp().sum(dim=1, keepdim=True) + 1e-8)",
            ),
        ],
    ),
    Mistake(
        name="score_of_plus_infinity",
        exercise="encoder",
        hint="You set the scores of padded visits to a very high number, so that they get all of the attention.",
        changes=[("-1e9", "1e9")],
    ),
    Mistake(
        name="last_visit_taken",
        exercise="encoder",
        hint=(
            "You take the hidden state of the last visit. The context adds up all of them, each times its attention."
        ),
        changes=[("(attention * hidden_states).sum(dim=1)", "hidden_states[:, -1]")],
    ),
    Mistake(
        name="visits_detached",
        exercise="encoder",
        hint="You cut the visits off from their gradient. What made them could not learn.",
        changes=[("self.cnn(x.unsqueeze(1))", "self.cnn(x.detach().unsqueeze(1))")],
    ),
    Mistake(
        name="score_of_minus_hundred",
        exercise="encoder",
        hint=(
            "You set the scores of padded visits to -100. Where the scores of the real visits are lower, the "
            "padding gets the attention."
        ),
        changes=[("-1e9", "-100.0")],
    ),
    Mistake(
        name="masks_of_first_call",
        exercise="encoder",
        hint=(
            "You keep the masks of the first call and use them for other patients where the shape is the same. Take "
            "those of this call."
        ),
        changes=[
            (
                "scores = self.att(hidden_states)",
                "if getattr(self, \"kept\", masks).shape != masks.shape or not hasattr(self, \"kept\"):\n"
                "            self.kept = masks\n"
                "        masks = self.kept\n"
                "        scores = self.att(hidden_states)",
            ),
        ],
    ),
    Mistake(
        name="attention_looks_at_detached_states",
        exercise="encoder",
        hint=(
            "Your attention looks at hidden states that are cut off from their gradient, so that it never teaches "
            "the convolution."
        ),
        changes=[
            ("self.att(hidden_states)", "self.att(hidden_states.detach())"),
        ],
    ),
    Mistake(
        name="masks_in_evaluation_only",
        exercise="encoder",
        hint="You mask in evaluation mode only. In training, the padding would get attention, too.",
        changes=[
            (
                "            ~masks.unsqueeze(-1), -1e9)",
                "            ~masks.unsqueeze(-1) & (not self.training), -1e9)",
            ),
        ],
    ),
    Mistake(
        name="shared_out_after_softmax",
        exercise="encoder",
        hint=(
            "You mask after the softmax, and share out anew what is left. Where the padding's scores are far above "
            "the real ones, nothing is left: mask the scores, before the softmax."
        ),
        changes=[
            (
                "scores = self.att(hidden_states).masked_fill(\n"
                "            ~masks.unsqueeze(-1), -1e9)\n"
                "        attention = torch.softmax(scores, dim=1)",
                "attention = torch.softmax(self.att(hidden_states), dim=1)\n"
                "        attention = attention * masks.unsqueeze(-1)\n"
                "        attention = attention / (attention.sum(dim=1, keepdim=True) + 1e-6)",
            ),
        ],
    ),
    Mistake(
        name="dropout_on_attention",
        exercise="encoder",
        hint=(
            "You put a dropout on the attention. Nobody asked for it, and in training its weights no longer sum to "
            "one."
        ),
        changes=[
            (
                "attention = torch.softmax(scores, dim=1)",
                "attention = nn.functional.dropout(\n            torch.softmax(scores, dim=1), 0.1, self.training)",
            ),
        ],
    ),
    Mistake(
        name="real_visits_taken_for_the_first",
        exercise="encoder",
        hint=(
            "You count the real visits and keep as many from the front. The masks say which are real: an empty "
            "visit may lie between two others."
        ),
        changes=[
            (
                "            ~masks.unsqueeze(-1), -1e9)",
                "            (torch.arange(x.shape[1], device=x.device)\n"
                "             >= masks.sum(dim=1, keepdim=True)).unsqueeze(-1), -1e9)",
            ),
        ],
    ),
]

DECODER = [
    Mistake(
        name="hidden_state_dropped",
        exercise="decoder",
        hint=(
            "Your decoder gives something else in training mode, such as by a dropout, or by what it draws or keeps. "
            "None of that is asked for."
        ),
        changes=[("hiddens.squeeze(0)", "nn.functional.dropout(hiddens.squeeze(0), 0.5, self.training)")],
    ),
    Mistake(
        name="state_not_given",
        exercise="decoder",
        hint="You call the GRU with x alone, so that each step starts from a hidden state of zero and "
        "forgets the patient.",
        changes=[("self.rnn(x, hiddens)", "self.rnn(x)")],
    ),
    Mistake(
        name="old_state_returned",
        exercise="decoder",
        hint="You go on with the hidden state that came in; the GRU's new one is not used.",
        costly="The GRU is the whole of the step: nothing that comes out owes anything to it.",
        changes=[("_, hiddens = self.rnn", "_, new_hiddens = self.rnn")],
    ),
    Mistake(
        name="state_not_squeezed",
        exercise="decoder",
        hint="Your hidden state still has the GRU's axis of layers in front.",
        changes=[("hiddens.squeeze(0)", "hiddens")],
    ),
    Mistake(
        name="state_squeezed_too_much",
        exercise="decoder",
        hint="`squeeze()` without an axis also removes the axis of a single patient. Name the axis.",
        changes=[("hiddens.squeeze(0)", "hiddens.squeeze()")],
    ),
    Mistake(
        name="outputs_for_state",
        exercise="decoder",
        hint="You return the GRU's outputs, of shape (batch, 1, 128), where its last hidden state is due.",
        changes=[("_, hiddens = self.rnn", "hiddens, _ = self.rnn")],
    ),
    Mistake(
        name="batch_not_first",
        exercise="decoder",
        hint="Your GRU takes the first axis for the visits, so that it sees one patient with many "
        "visits. Tell it that the batch comes first.",
        changes=[(", batch_first=True", "")],
    ),
    Mistake(
        name="plain_rnn",
        exercise="decoder",
        hint="Your recurrent layer is a plain RNN, which has no gates. The decoder asks for a GRU.",
        changes=[("nn.GRU", "nn.RNN")],
    ),
    Mistake(
        name="two_layers",
        exercise="decoder",
        hint="Your GRU has two layers, and so needs two hidden states; the encoder gives one.",
        changes=[("batch_first=True", "batch_first=True, num_layers=2")],
    ),
    Mistake(
        name="sizes_exchanged",
        exercise="decoder",
        hint="Your GRU goes from 128 to 105. The codes come in, and the hidden units come out.",
        changes=[("input_size=105, hidden_size=128", "input_size=128, hidden_size=105")],
    ),
    Mistake(
        name="state_detached",
        exercise="decoder",
        hint="You cut the new hidden state off from its gradient, so that neither the GRU nor the encoder ever learns.",
        changes=[("hiddens.squeeze(0)", "hiddens.squeeze(0).detach()")],
    ),
    Mistake(
        name="gru_without_bias",
        exercise="decoder",
        hint="Your GRU has no biases. With `bias` left at its default, it has.",
        changes=[("batch_first=True", "batch_first=True, bias=False")],
    ),
    Mistake(
        name="old_state_added",
        exercise="decoder",
        hint="You add the old hidden state to the new one. The GRU's new state is what is asked for, as it is.",
        changes=[
            ("_, hiddens = self.rnn(x, hiddens)", "_, new = self.rnn(x, hiddens)\n        hiddens = new + hiddens"),
        ],
    ),
    Mistake(
        name="relu_of_state",
        exercise="decoder",
        hint="You put a ReLU on the hidden state. The GRU's new state is what is asked for, as it is.",
        changes=[("hiddens.squeeze(0)", "hiddens.squeeze(0).relu()")],
    ),
    Mistake(
        name="softmax_for_sigmoid",
        exercise="decoder",
        hint="Your probabilities go through a softmax, as if a visit had one code alone. Each code has its sigmoid.",
        changes=[("self.sigmoid(self.linear2(", "torch.softmax(self.linear2("), ("hiddens)))", "hiddens))), dim=-1")],
    ),
    Mistake(
        name="sigmoid_left_out",
        exercise="decoder",
        hint="Your predictions are scores. The given line makes probabilities of them, with `self.sigmoid`.",
        changes=[
            (
                "self.sigmoid(self.linear2(self.act(self.linear1(hiddens))))",
                "self.linear2(self.act(self.linear1(hiddens)))",
            ),
        ],
    ),
    Mistake(
        name="state_returned_first",
        exercise="decoder",
        hint="You return the hidden state before the predictions. The predictions come first.",
        costly="Each of the two values is the other one.",
        changes=[("return preds, hiddens", "return hiddens, preds")],
    ),
    Mistake(
        name="gru_under_other_name",
        exercise="decoder",
        hint="Your GRU is called `self.gru`. `self.rnn` is asked for.",
        changes=[("self.rnn = nn", "self.gru = nn"), ("self.rnn(x", "self.gru(x")],
    ),
    Mistake(
        name="input_rounded",
        exercise="decoder",
        hint="You round the visit before the GRU sees it. It may hold probabilities, and through them gradients flow.",
        changes=[("self.rnn(x, hiddens)", "self.rnn((x > 0.5).float(), hiddens)")],
    ),
    Mistake(
        name="input_detached",
        exercise="decoder",
        hint="You cut the visit off from its gradient. It may be the prediction of the step before, which is to "
        "learn, too.",
        changes=[("self.rnn(x, hiddens)", "self.rnn(x.detach(), hiddens)")],
    ),
    Mistake(
        name="state_changed_in_place",
        exercise="decoder",
        hint="You write the new hidden state into the old one's tensor, and so change what whoever calls you has."
        " Make a new one.",
        changes=[
            (
                "_, hiddens = self.rnn(x, hiddens)",
                "_, new = self.rnn(x, hiddens)\n        hiddens = hiddens.copy_(new)",
            ),
        ],
    ),
    Mistake(
        name="predictions_from_old_state",
        exercise="decoder",
        hint="Your predictions come from the hidden state before the step. They come from the new one.",
        changes=[
            (
                "_, hiddens = self.rnn(x, hiddens)",
                "old = hiddens.squeeze(0)\n        _, hiddens = self.rnn(x, hiddens)",
            ),
            ("self.linear1(hiddens)", "self.linear1(old)"),
        ],
    ),
    Mistake(
        name="tanh_of_state",
        exercise="decoder",
        hint="You put a tanh around the hidden state. It is what the GRU gives, as it is.",
        changes=[("hiddens.squeeze(0)", "torch.tanh(hiddens.squeeze(0))")],
    ),
    Mistake(
        name="given_state_detached",
        exercise="decoder",
        hint=(
            "You cut the state that comes in off from its gradient, so that neither the steps before nor the "
            "encoder learn from this one."
        ),
        changes=[("self.rnn(x, hiddens)", "self.rnn(x, hiddens.detach())")],
    ),
    Mistake(
        name="sigmoid_of_input",
        exercise="decoder",
        hint="You put a sigmoid around the visit. It goes into the GRU as it is.",
        changes=[("self.rnn(x,", "self.rnn(torch.sigmoid(x),")],
    ),
    Mistake(
        name="last_patient_taken",
        exercise="decoder",
        costly="Of all patients but one is left.",
        hint="You take the last patient of the state. Its first axis is that of the layers, the second has the "
        "patients.",
        changes=[("hiddens.squeeze(0)", "hiddens[:, -1]")],
    ),
    Mistake(
        name="step_taken_twice",
        exercise="decoder",
        hint="You call the GRU twice, so that the state goes two steps for one visit.",
        changes=[
            (
                "_, hiddens = self.rnn(x, hiddens)",
                "_, hiddens = self.rnn(x, hiddens)\n        _, hiddens = self.rnn(x, hiddens)",
            ),
        ],
    ),
    Mistake(
        name="state_of_last_call",
        exercise="decoder",
        hint=(
            "You go on from the hidden state that you kept of the last call, whatever `hiddens` says. Continue from "
            "`hiddens`."
        ),
        changes=[
            (
                "_, hiddens = self.rnn(x, hiddens)",
                "kept = getattr(self, \"state\", hiddens)\n"
                "        _, hiddens = self.rnn(x, kept if kept.shape == hiddens.shape else hiddens)\n"
                "        self.state = hiddens.detach()",
            ),
        ],
    ),
]

SEQ2SEQ = [
    Mistake(
        name="next_visit_given_away",
        exercise="seq2seq",
        hint="With teacher forcing, you give the decoder the very visit that it is to decode. It "
        "should see the one before.",
        changes=[("x[:, t - 1]", "x[:, t]")],
    ),
    Mistake(
        name="always_first_visit",
        exercise="seq2seq",
        hint="With teacher forcing, you give the decoder the first visit at every step. It should see the one before "
        "the visit that it decodes.",
        changes=[("x[:, t - 1]", "x[:, 0]")],
    ),
    Mistake(
        name="forced_visit_returned",
        exercise="seq2seq",
        hint="You put the true visit among the predictions where there is teacher forcing. It is an input of the "
        "decoder only; what it predicts is the result.",
        changes=[
            (
                "cur_pred, hiddens = self.decoder(previous, hiddens)",
                "cur_pred, hiddens = self.decoder(previous, hiddens)\n"
                "            cur_pred = x[:, t - 1] if teacher_force else cur_pred",
            )
        ],
    ),
    Mistake(
        name="forcing_inverted",
        exercise="seq2seq",
        hint="You give the true visit when there is no teacher forcing, and the prediction when there is.",
        changes=[("if teacher_force else", "if not teacher_force else")],
    ),
    Mistake(
        name="forcing_always",
        exercise="seq2seq",
        hint="You give the decoder the true visit at every step, whatever `teacher_force` says.",
        changes=[("x[:, t - 1] if teacher_force else cur_pred", "x[:, t - 1]")],
    ),
    Mistake(
        name="forcing_never",
        exercise="seq2seq",
        hint="You give the decoder its own prediction at every step, whatever `teacher_force` says.",
        changes=[("x[:, t - 1] if teacher_force else cur_pred", "cur_pred")],
    ),
    Mistake(
        name="ratio_taken_for_coin",
        exercise="seq2seq",
        hint="You ask whether the ratio is above zero, not how this step's coin fell: any ratio then "
        "forces every step.",
        changes=[("if teacher_force else", "if self.teacher_forcing_ratio else")],
    ),
    Mistake(
        name="state_not_carried_on",
        exercise="seq2seq",
        hint="You keep the prediction of a step but not its new hidden state, so that every step "
        "starts from the same one.",
        changes=[("cur_pred, hiddens = self.decoder(previous", "cur_pred, _ = self.decoder(previous")],
    ),
    Mistake(
        name="state_detached_between_steps",
        exercise="seq2seq",
        hint="You cut the gradient between the steps, so that the later visits no longer teach the encoder.",
        changes=[("self.decoder(previous, hiddens)", "self.decoder(previous, hiddens.detach())")],
    ),
    Mistake(
        name="predictions_rounded",
        exercise="seq2seq",
        hint="You round the predictions before the next step sees them. It should see the "
        "probabilities, through which gradients can flow.",
        changes=[("else cur_pred", "else cur_pred.round()")],
    ),
    Mistake(
        name="masks_not_used",
        exercise="seq2seq",
        hint="You tell the encoder that all visits are real. Hand it the masks.",
        changes=[("self.encoder(x, masks)", "self.encoder(x, torch.ones_like(masks))")],
    ),
    Mistake(
        name="masks_inverted_for_encoder",
        exercise="seq2seq",
        hint="You tell the encoder that the padding is real and the visits are not. Hand it the masks as they come.",
        changes=[("self.encoder(x, masks)", "self.encoder(x, ~masks)")],
    ),
    Mistake(
        name="context_not_used",
        exercise="seq2seq",
        hint="Your decoder starts from a hidden state of zero, so that nothing of what the encoder found reaches it.",
        changes=[("self.encoder(x, masks)", "torch.zeros_like(self.encoder(x, masks))")],
    ),
    Mistake(
        name="visits_on_first_axis",
        exercise="seq2seq",
        hint="Your result has the visits on its first axis, where the patients belong.",
        changes=[("torch.stack(preds, dim=1)", "torch.stack(preds)")],
    ),
    Mistake(
        name="stack_reshaped",
        exercise="seq2seq",
        hint="You reshape the stacked predictions. That keeps the order of the numbers and mixes the "
        "patients; the first two axes have to be swapped.",
        changes=[
            ("torch.stack(preds, dim=1)", "torch.stack(preds).reshape(batch_size, num_visits, num_codes)"),
        ],
    ),
    Mistake(
        name="predictions_concatenated",
        exercise="seq2seq",
        hint="You put the predictions end to end along the codes. They need a new axis for the visits.",
        changes=[("torch.stack(preds, dim=1)", "torch.cat(preds, dim=1)")],
    ),
    Mistake(
        name="first_input_on_cpu",
        exercise="seq2seq",
        hint="Your first input lies on the CPU, also when the visits are on a GPU.",
        changes=[(", device=x.device", "")],
    ),
    Mistake(
        name="prediction_detached",
        exercise="seq2seq",
        hint="You cut the prediction off from its gradient before the next step sees it, so that a step no longer"
        " teaches the one before.",
        changes=[("else cur_pred", "else cur_pred.detach()")],
    ),
    Mistake(
        name="notebook_encoder_called",
        exercise="seq2seq",
        hint="You call the notebook's `encoder`. The model has one of its own, `self.encoder`.",
        changes=[("self.encoder(x, masks)", "encoder(x, masks)")],
    ),
    Mistake(
        name="notebook_decoder_called",
        exercise="seq2seq",
        hint="You call the notebook's `decoder`. The model has one of its own, `self.decoder`.",
        changes=[("= self.decoder(previous, hiddens)", "= decoder(previous, hiddens)")],
    ),
    Mistake(
        name="context_detached",
        exercise="seq2seq",
        hint="You cut the context off from its gradient (`detach`, `torch.no_grad`), so that the encoder never learns.",
        changes=[("self.encoder(x, masks)", "self.encoder(x, masks).detach()")],
    ),
    Mistake(
        name="relu_of_context",
        exercise="seq2seq",
        hint="You put a ReLU on the context. It is the first hidden state as the encoder gives it.",
        changes=[("self.encoder(x, masks)", "torch.relu(self.encoder(x, masks))")],
    ),
    Mistake(
        name="masks_as_floats",
        exercise="seq2seq",
        hint="You hand the encoder the masks as floats. It takes them as they come, as bool: `~` refuses floats.",
        changes=[("self.encoder(x, masks)", "self.encoder(x, masks.float())")],
    ),
    Mistake(
        name="masks_with_another_axis",
        exercise="seq2seq",
        hint="You hand the encoder the masks with an axis more. It takes them as they come, (batch, visits).",
        changes=[("self.encoder(x, masks)", "self.encoder(x, masks.unsqueeze(-1))")],
    ),
    Mistake(
        name="context_squeezed",
        exercise="seq2seq",
        hint="You squeeze the context, which takes off the axis of a single patient. It has no axis too many.",
        changes=[("self.encoder(x, masks)", "self.encoder(x, masks).squeeze()")],
    ),
    Mistake(
        name="coin_seeded",
        exercise="seq2seq",
        hint="You seed the generator in `forward`, so that the coins fall alike in each pass. Seed once, outside.",
        changes=[("hiddens = self.encoder(x, masks)", "random.seed(0)\n        hiddens = self.encoder(x, masks)")],
    ),
    Mistake(
        name="list_returned",
        exercise="seq2seq",
        hint="You return the list of the steps. One tensor is asked for, with the visits on axis 1.",
        changes=[("torch.stack(preds, dim=1)", "preds")],
    ),
    Mistake(
        name="padding_set_to_zero",
        exercise="seq2seq",
        hint="You set the predictions at padded visits to zero. Return them as they are; the loss leaves padding out.",
        changes=[("torch.stack(preds, dim=1)", "torch.stack(preds, dim=1) * masks.unsqueeze(-1)")],
    ),
    Mistake(
        name="visits_reversed",
        exercise="seq2seq",
        hint="Your visits go from the last to the first. The first comes first.",
        changes=[("torch.stack(preds, dim=1)", "torch.stack(preds[::-1], dim=1)")],
    ),
    Mistake(
        name="zeros_for_prediction",
        exercise="seq2seq",
        hint="Without teacher forcing, you give the decoder zeros at every step. It should see its own last "
        "prediction, `cur_pred`.",
        changes=[("else cur_pred", "else first_input")],
    ),
    Mistake(
        name="first_prediction_repeated",
        exercise="seq2seq",
        hint="Without teacher forcing, you give the decoder the first prediction at every step. It should see the"
        " last one, `cur_pred`.",
        changes=[("else cur_pred", "else preds[0]")],
    ),
    Mistake(
        name="predictions_written_into_x",
        exercise="seq2seq",
        hint="You write the predictions into x, which is the caller's tensor, and the truth that the loss "
        "compares with.",
        changes=[
            (
                "            preds.append(cur_pred)\n",
                "            preds.append(cur_pred)\n"
                "            if not teacher_force:\n"
                "                x[:, t] = cur_pred.detach()\n",
            ),
        ],
    ),
    Mistake(
        name="two_visits_before",
        exercise="seq2seq",
        hint="With teacher forcing, you give the decoder the visit two before the one that it decodes. It should "
        "see the one before.",
        changes=[("x[:, t - 1]", "x[:, max(t - 2, 0)]")],
    ),
    Mistake(
        name="forcing_in_training_only",
        exercise="seq2seq",
        hint="You use teacher forcing in training mode only. It is `teacher_force` alone that decides.",
        changes=[("if teacher_force else", "if teacher_force and self.training else")],
    ),
    Mistake(
        name="visit_and_prediction_averaged",
        exercise="seq2seq",
        hint=(
            "You give the mean of the true visit and of the prediction. A step gets one or the other, as "
            "`teacher_force` says."
        ),
        changes=[("x[:, t - 1] if teacher_force else cur_pred", "(x[:, t - 1] + cur_pred) / 2")],
    ),
    Mistake(
        name="context_given_at_each_step",
        exercise="seq2seq",
        hint="You start each step from the context again. A step goes on from the hidden state of the step before.",
        changes=[("self.decoder(previous, hiddens)", "self.decoder(previous, self.encoder(x, masks))")],
    ),
    Mistake(
        name="first_state_lost",
        exercise="seq2seq",
        hint="You start step 2 from the context once more, and lose the hidden state of the first step.",
        changes=[("cur_pred, hiddens = self.decoder(first_input", "cur_pred, _ = self.decoder(first_input")],
    ),
    Mistake(
        name="state_waits_at_padding",
        exercise="seq2seq",
        hint="You keep the hidden state where a visit is masked. The decoder goes on at every step; the loss leaves "
        "padding out.",
        changes=[
            ("cur_pred, hiddens = self.decoder(previous, hiddens)", "cur_pred, new = self.decoder(previous, hiddens)\n"
             "            hiddens = torch.where(masks[:, t, None], new, hiddens)"),
        ],
    ),
    Mistake(
        name="stacked_on_last_axis",
        exercise="seq2seq",
        hint="You stack the steps on the last axis. The visits are axis 1.",
        changes=[("torch.stack(preds, dim=1)", "torch.stack(preds, dim=2)")],
    ),
    Mistake(
        name="first_prediction_left_out",
        exercise="seq2seq",
        hint="The prediction of the first visit is missing from what you return.",
        changes=[("torch.stack(preds, dim=1)", "torch.stack(preds[1:], dim=1)")],
    ),
    Mistake(
        name="last_prediction_only",
        exercise="seq2seq",
        hint="You return the last prediction only. Every visit's is asked for.",
        changes=[("torch.stack(preds, dim=1)", "preds[-1]")],
    ),
    Mistake(
        name="last_prediction_repeated",
        exercise="seq2seq",
        hint="You return the last prediction for every visit. Each has its own, in the list `preds`.",
        changes=[("torch.stack(preds, dim=1)", "torch.stack([preds[-1]] * len(preds), dim=1)")],
    ),
    Mistake(
        name="sigmoid_again",
        exercise="seq2seq",
        hint="You put a sigmoid around the predictions, which are probabilities already.",
        changes=[("torch.stack(preds, dim=1)", "torch.sigmoid(torch.stack(preds, dim=1))")],
    ),
    Mistake(
        name="same_visit_for_all_patients",
        exercise="seq2seq",
        hint="You give every patient the visit of the first one. Take that step of all of them.",
        changes=[("x[:, t - 1]", "x[:1, t - 1].expand(x.shape[0], -1)")],
    ),
    Mistake(
        name="codes_drawn_from_prediction",
        exercise="seq2seq",
        hint="You draw codes from the prediction. The next step is given the probabilities themselves.",
        changes=[
            (
                "x[:, t - 1] if teacher_force else cur_pred",
                "x[:, t - 1] if teacher_force else torch.bernoulli(cur_pred)",
            )
        ],
    ),
    Mistake(
        name="ratio_compared_with_half",
        exercise="seq2seq",
        hint="You compare the ratio with one half, not how this step's coin fell: then all steps are forced, or none.",
        changes=[("if teacher_force else", "if self.teacher_forcing_ratio > 0.5 else")],
    ),
    Mistake(
        name="visit_before_overwritten",
        exercise="seq2seq",
        hint="You write the prediction into x where a step is not forced. x is the caller's tensor, and the truth that "
        "the loss compares with.",
        changes=[
            (
                "            previous = x[:, t - 1] if teacher_force else cur_pred\n",
                "            if not teacher_force:\n"
                "                x[:, t - 1] = cur_pred.detach()\n"
                "            previous = x[:, t - 1]\n",
            )
        ],
    ),
    Mistake(
        name="coin_of_first_step",
        exercise="seq2seq",
        hint="The first step's coin decides for all steps. Each step throws its own: `teacher_force`.",
        changes=[
            (
                "previous = x[:, t - 1] if teacher_force else cur_pred",
                "first = teacher_force if t == 1 else first\n            previous = x[:, t - 1] if first else cur_pred",
            ),
        ],
    ),
    Mistake(
        name="real_visits_forced_only",
        exercise="seq2seq",
        hint=(
            "After a visit that is not real, you give the prediction even where the step is forced. Then it is "
            "given the visit before it, whatever that is."
        ),
        changes=[
            (
                "previous = x[:, t - 1] if teacher_force else cur_pred",
                "previous = torch.where(masks[:, t - 1, None], x[:, t - 1], cur_pred) if teacher_force else cur_pred",
            ),
        ],
    ),
    Mistake(
        name="visit_or_prediction_whichever_larger",
        exercise="seq2seq",
        hint="Where a step is forced, you give it the larger of visit and prediction. It is given the visit alone.",
        changes=[
            (
                "previous = x[:, t - 1] if teacher_force else cur_pred",
                "previous = torch.maximum(x[:, t - 1], cur_pred) if teacher_force else cur_pred",
            ),
        ],
    ),
    Mistake(
        name="visit_and_prediction_added",
        exercise="seq2seq",
        hint="Where a step is forced, you give it the sum of visit and prediction. It is given the visit alone.",
        changes=[
            (
                "previous = x[:, t - 1] if teacher_force else cur_pred",
                "previous = x[:, t - 1] + cur_pred if teacher_force else cur_pred",
            ),
        ],
    ),
    Mistake(
        name="empty_truth_replaced",
        exercise="seq2seq",
        hint=(
            "With teacher forcing, you replace a true visit that is empty by the prediction. The true visit is "
            "given as it is."
        ),
        changes=[
            (
                "previous = x[:, t - 1] if teacher_force else cur_pred",
                "previous = x[:, t - 1] if teacher_force else cur_pred\n"
                "            empty = ~x[:, t - 1].any(dim=1, keepdim=True)\n"
                "            previous = torch.where(empty, cur_pred, previous)",
            ),
        ],
    ),
]

TRAINING = [
    Mistake(
        name="guesses_clamped_to_tenths",
        exercise="training",
        hint="You keep the probabilities between 0.1 and 0.9, so that being sure and wrong costs too little.",
        changes=[("criterion(x_hat, x)", "criterion(x_hat.clamp(0.1, 0.9), x)")],
    ),
    Mistake(
        name="guesses_clamped",
        exercise="training",
        hint="You keep the guesses away from 0 and 1, so that a sure guess that is wrong costs too little.",
        changes=[("criterion(x_hat, x)", "criterion(x_hat.clamp(0.01, 0.99), x)")],
    ),
    Mistake(
        name="loss_not_masked",
        exercise="training",
        hint="Your loss counts the padded visits, too. The masks say which ones are real.",
        changes=[(" * masks.unsqueeze(-1)", "")],
    ),
    Mistake(
        name="loss_of_padding",
        exercise="training",
        hint="Your loss counts the padded visits and drops the real ones.",
        changes=[("masks.unsqueeze(-1)", "~masks.unsqueeze(-1)")],
    ),
    Mistake(
        name="mean_of_everything",
        exercise="training",
        hint="You average over patients, visits and codes alike. Sum within a patient first, then "
        "average over patients.",
        changes=[("loss.sum(dim=(1, 2)).mean()", "loss.mean()")],
    ),
    Mistake(
        name="sum_of_everything",
        exercise="training",
        hint="You sum over the patients, too, so that the loss grows with the batch. Average over the patients.",
        changes=[("loss.sum(dim=(1, 2)).mean()", "loss.sum()")],
    ),
    Mistake(
        name="mean_over_codes",
        exercise="training",
        hint="You sum over the visits but average over the codes. Both belong to a patient, and both are summed.",
        changes=[("loss.sum(dim=(1, 2)).mean()", "loss.sum(dim=1).mean()")],
    ),
    Mistake(
        name="mean_over_real_visits",
        exercise="training",
        hint="You divide by the number of real visits: another loss than the one asked for, and NaN "
        "where there is none.",
        changes=[("loss.sum(dim=(1, 2)).mean()", "loss.sum() / masks.sum()")],
    ),
    Mistake(
        name="mean_over_all_visits",
        exercise="training",
        hint="You average over all visits, those of padding too. Sum within a patient, and average over the patients.",
        changes=[("loss.sum(dim=(1, 2)).mean()", "loss.sum(dim=2).mean()")],
    ),
    Mistake(
        name="target_first",
        exercise="training",
        hint="You give the criterion the true visits first and the reconstruction second; it is not symmetric.",
        changes=[("criterion(x_hat, x)", "criterion(x, x_hat)")],
    ),
    Mistake(
        name="loss_detached",
        exercise="training",
        hint="You cut the loss off from its gradient, so that nothing can be learned from it.",
        changes=[("loss.sum(dim=(1, 2)).mean()", "loss.sum(dim=(1, 2)).mean().detach()")],
    ),
    Mistake(
        name="gradients_not_cleared",
        exercise="training",
        hint="You never clear the gradients, so that each step also goes along those of all batches before.",
        changes=[("optimizer.zero_grad()\n", "\n")],
    ),
    Mistake(
        name="gradients_cleared_once_an_epoch",
        exercise="training",
        hint="You clear the gradients once an epoch, so that each step also goes along those of the batches before.",
        changes=[
            ("            optimizer.zero_grad()\n", ""),
            ("        train_loss = 0.0\n", "        train_loss = 0.0\n        optimizer.zero_grad()\n"),
        ],
    ),
    Mistake(
        name="other_learning_rate",
        exercise="training",
        hint="Your learning rate is 0.001. The optimizer is made with 0.01.",
        changes=[("lr=1e-2", "lr=1e-3")],
    ),
    Mistake(
        name="weight_decay_added",
        exercise="training",
        hint="Your optimizer has a weight decay, which pulls all weights to zero. None is asked for.",
        changes=[("lr=1e-2", "lr=1e-2, weight_decay=1e-4")],
    ),
    Mistake(
        name="cleared_before_step",
        exercise="training",
        hint="You clear the gradients between `backward` and the step, which then has nothing to go by.",
        changes=[
            ("optimizer.zero_grad()\n", "\n"),
            ("loss.backward()", "loss.backward()\n            optimizer.zero_grad()"),
        ],
    ),
    Mistake(
        name="no_step",
        exercise="training",
        hint="You compute gradients, but the optimizer never steps along them: is `step` missing, or "
        "called before `backward`?",
        changes=[
            ("            loss.backward()\n", ""),
            ("optimizer.step()", "optimizer.step()\n            loss.backward()"),
        ],
    ),
    Mistake(
        name="no_backward",
        exercise="training",
        hint="You never go backward from the loss, so that the weights get no gradients.",
        changes=[("            loss.backward()\n", "")],
    ),
    Mistake(
        name="masks_ignored_in_train",
        exercise="training",
        hint="Your `train` tells the loss that all visits are real. Hand it the masks of the batch.",
        changes=[("masked_loss(model(x, masks), x, masks)", "masked_loss(model(x, masks), x, masks | True)")],
    ),
    Mistake(
        name="masks_inverted_for_model",
        exercise="training",
        hint="You hand the model the inverted masks. They are True where a visit is real.",
        changes=[("masked_loss(model(x, masks), x, masks)", "masked_loss(model(x, ~masks), x, masks)")],
    ),
    Mistake(
        name="global_model_trained",
        exercise="training",
        hint="You call the notebook's `seq2seq` in place of the `model` that `train` is given.",
        changes=[("masked_loss(model(x, masks), x, masks)", "masked_loss(seq2seq(x, masks), x, masks)")],
    ),
    Mistake(
        name="mean_over_patients_with_visits",
        exercise="training",
        hint="You average over the patients that have a real visit. The mean is over all patients of the batch.",
        changes=[("loss.sum(dim=(1, 2)).mean()", "loss.sum() / masks.any(dim=1).sum().clamp(min=1)")],
    ),
    Mistake(
        name="one_loss_for_each_patient",
        exercise="training",
        hint="Your loss is one number for each patient. Take the mean over the patients, inside of `masked_loss`.",
        changes=[
            ("loss.sum(dim=(1, 2)).mean()", "loss.sum(dim=(1, 2))"),
            ("masked_loss(model(x, masks), x, masks)", "masked_loss(model(x, masks), x, masks).mean()"),
        ],
    ),
    Mistake(
        name="sigmoid_twice",
        exercise="training",
        hint="You use the cross-entropy that takes scores, and does a sigmoid itself. x_hat are probabilities "
        "already: use `criterion`.",
        changes=[
            ("criterion(x_hat, x)", 'nn.functional.binary_cross_entropy_with_logits(x_hat, x, reduction="none")'),
        ],
    ),
    Mistake(
        name="squared_error",
        exercise="training",
        hint="Your loss is the squared error. The binary cross-entropy is asked for: use `criterion`.",
        changes=[("criterion(x_hat, x)", "(x_hat - x) ** 2")],
    ),
    Mistake(
        name="absolute_error",
        exercise="training",
        hint="Your loss is the absolute error. The binary cross-entropy is asked for: use `criterion`.",
        changes=[("criterion(x_hat, x)", "(x_hat - x).abs()")],
    ),
    Mistake(
        name="gradients_clipped",
        exercise="training",
        hint="You clip the gradients. The step is along the gradients as they are.",
        changes=[
            ("loss.backward()", "loss.backward()\n            nn.utils.clip_grad_norm_(model.parameters(), 1.0)"),
        ],
    ),
    Mistake(
        name="gradients_clipped_at_five",
        exercise="training",
        hint="You clip the gradients. The step is along the gradients as they are.",
        changes=[
            ("loss.backward()", "loss.backward()\n            nn.utils.clip_grad_norm_(model.parameters(), 5.0)"),
        ],
    ),
    Mistake(
        name="gradient_values_clipped",
        exercise="training",
        hint="You clip the values of the gradients. The step is along the gradients as they are.",
        changes=[
            ("loss.backward()", "loss.backward()\n            nn.utils.clip_grad_value_(model.parameters(), 1.0)"),
        ],
    ),
    Mistake(
        name="divided_by_visits_in_train",
        exercise="training",
        hint="You divide the loss by the number of visits in `train`. What goes backward, and into the history, is "
        "what `masked_loss` gives.",
        changes=[("masked_loss(model(x, masks), x, masks)", "masked_loss(model(x, masks), x, masks) / x.shape[1]")],
    ),
    Mistake(
        name="visits_up_to_the_number",
        exercise="training",
        hint="You take the masks for a number of visits from the start on. A visit between two others may be empty.",
        changes=[
            (
                "* masks.unsqueeze(-1)",
                "* (torch.arange(masks.shape[1], device=masks.device) < masks.sum(1, keepdim=True)).unsqueeze(-1)",
            ),
        ],
    ),
    Mistake(
        name="validation_patients_trained_on",
        exercise="training",
        hint="You train on the validation patients, and so F1 says nothing of patients whom the model has never met.",
        changes=[("for x, masks, _ in train_loader:", "for x, masks, _ in val_loader:")],
    ),
    Mistake(
        name="evaluation_mode",
        exercise="training",
        hint="You train in evaluation mode, where dropout does nothing. The given line has called `model.train()`.",
        changes=[("loss = masked_loss(model", "model.eval()\n            loss = masked_loss(model")],
    ),
    Mistake(
        name="present_codes_only",
        exercise="training",
        hint=(
            "Your loss counts only the codes that a visit has. Cross-entropy also counts what is predicted and "
            "not there."
        ),
        changes=[
            (
                "loss = criterion(x_hat, x) * masks.unsqueeze(-1)",
                "loss = -x * torch.log(x_hat.clamp(1e-8)) * masks.unsqueeze(-1)",
            )
        ],
    ),
    Mistake(
        name="divided_by_32",
        exercise="training",
        hint="You divide by 32 whatever the batch. Take the mean over the patients that are there.",
        changes=[("loss.sum(dim=(1, 2)).mean()", "loss.sum() / 32")],
    ),
    Mistake(
        name="mean_over_visits_of_each_patient",
        exercise="training",
        hint="You divide each patient's loss by the number of visits. It is summed over them.",
        changes=[("loss.sum(dim=(1, 2)).mean()", "(loss.sum(dim=(1, 2)) / masks.sum(dim=1).clamp(min=1)).mean()")],
    ),
    Mistake(
        name="largest_loss_of_each_patient",
        exercise="training",
        hint="You take the largest loss of each patient. It is the sum over codes and visits.",
        changes=[("loss.sum(dim=(1, 2))", "loss.amax(dim=(1, 2))")],
    ),
    Mistake(
        name="step_twice",
        exercise="training",
        hint="You call `optimizer.step()` twice for each batch.",
        changes=[("            optimizer.step()\n", "            optimizer.step()\n            optimizer.step()\n")],
    ),
    Mistake(
        name="plain_mean_in_train",
        exercise="training",
        hint="Your `train` takes the mean of the cross-entropy over everything, padding as well. Use `masked_loss`.",
        changes=[("masked_loss(model(x, masks), x, masks)", "criterion(model(x, masks), x).mean()")],
    ),
    Mistake(
        name="plain_sum_in_train",
        exercise="training",
        hint="Your `train` takes the sum of the cross-entropy over everything, padding as well. Use `masked_loss`.",
        changes=[("masked_loss(model(x, masks), x, masks)", "criterion(model(x, masks), x).sum()")],
    ),
    Mistake(
        name="target_first_in_train",
        exercise="training",
        hint="Your `train` hands the true visits to `masked_loss` first and the reconstruction second. It takes them "
        "the other way round.",
        changes=[("masked_loss(model(x, masks), x, masks)", "masked_loss(x, model(x, masks), masks)")],
    ),
    Mistake(
        name="new_optimizer_each_batch",
        exercise="training",
        hint="You make a new Adam for each batch, which knows nothing of the batches before. One is given.",
        changes=[
            (
                "            optimizer.zero_grad()\n",
                "            optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)\n"
                "            optimizer.zero_grad()\n",
            )
        ],
    ),
    Mistake(
        name="first_patient_only",
        exercise="training",
        hint=(
            "Your loss is that of the first patient: you return, or stop, within the loop. It is the mean over "
            "all of them."
        ),
        changes=[("return loss.sum(dim=(1, 2)).mean()", "return loss.sum(dim=(1, 2))[0] / len(x)")],
    ),
    Mistake(
        name="last_patient_only",
        exercise="training",
        hint=(
            "Your loss is that of the last patient: each one's takes the place of the one before. It is the mean "
            "over all of them."
        ),
        changes=[("return loss.sum(dim=(1, 2)).mean()", "return loss.sum(dim=(1, 2))[-1] / len(x)")],
    ),
    Mistake(
        name="first_patient_for_all",
        exercise="training",
        hint="Your loss is that of the first patient. It is the mean over all of them.",
        changes=[("return loss.sum(dim=(1, 2)).mean()", "return loss.sum(dim=(1, 2))[0]")],
    ),
    Mistake(
        name="divided_by_batch_again",
        exercise="training",
        hint="In `train` you divide the loss by the number of patients, but it is a mean already.",
        changes=[
            (
                "loss = masked_loss(model(x, masks), x, masks)",
                "loss = masked_loss(model(x, masks), x, masks) / len(x)",
            ),
        ],
    ),
    Mistake(
        name="divided_by_batches_again",
        exercise="training",
        hint="You divide the loss by the number of batches, which the given line does for the history.",
        changes=[
            (
                "loss = masked_loss(model(x, masks), x, masks)",
                "loss = masked_loss(model(x, masks), x, masks) / len(train_loader)",
            ),
        ],
    ),
    Mistake(
        name="next_visit_predicted",
        exercise="training",
        hint="You compare what the model makes of a visit with the visit after it. An autoencoder gives back the visit "
        "itself.",
        changes=[
            (
                "loss = masked_loss(model(x, masks), x, masks)",
                "loss = masked_loss(model(x, masks)[:, :-1], x[:, 1:], masks[:, 1:])",
            ),
        ],
    ),
    Mistake(
        name="first_ten_patients_only",
        exercise="training",
        hint="You train on the first patients of a batch, or on their first visits. Was it for trying things out?",
        changes=[
            (
                "loss = masked_loss(model(x, masks), x, masks)",
                "x, masks = x[:10], masks[:10]\n            loss = masked_loss(model(x, masks), x, masks)",
            ),
        ],
    ),
    Mistake(
        name="first_ten_batches_only",
        exercise="training",
        hint="You leave an epoch after its first batches. Was it for trying things out?",
        changes=[
            (
                "            optimizer.step()\n",
                "            optimizer.step()\n            seen = locals().get('seen', 0) + 1\n"
                "            if seen % 10 == 0:\n                break\n",
            ),
        ],
    ),
    Mistake(
        name="mask_made_from_x",
        exercise="training",
        hint="You make a mask of your own from x in `masked_loss`. Which visits are real is what `masks` says.",
        changes=[("* masks.unsqueeze(-1)", "* (x.sum(dim=-1, keepdim=True) > 0)")],
    ),
    Mistake(
        name="guess_changed_in_place",
        exercise="training",
        hint=(
            "You set the guesses for padded visits to 0 in place: that changes the x_hat of whoever calls you. "
            "Multiply the loss by the masks."
        ),
        changes=[
            (
                "loss = criterion(x_hat, x) * masks.unsqueeze(-1)",
                "x_hat[~masks] = 0\n    loss = criterion(x_hat, x * masks.unsqueeze(-1))",
            ),
        ],
    ),
    Mistake(
        name="logarithm_of_zero",
        exercise="training",
        hint=(
            "You compute the cross-entropy yourself, and take the logarithm of 0 where a probability is exactly "
            "0 or 1. `criterion` sees to that."
        ),
        changes=[("criterion(x_hat, x)", "-(x * torch.log(x_hat) + (1 - x) * torch.log(1 - x_hat))")],
    ),
    Mistake(
        name="padding_predicted_one_half",
        exercise="training",
        hint=(
            "You put one half into the predictions of padded visits, which still costs log 2 for each code. Padding "
            "costs nothing: multiply the loss by the masks."
        ),
        changes=[
            (
                "    loss = criterion(x_hat, x) * masks.unsqueeze(-1)",
                "    x_hat = torch.where(masks.unsqueeze(-1), x_hat, 0.5)\n    loss = criterion(x_hat, x)",
            ),
        ],
    ),
    Mistake(
        name="masks_of_ones_in_training",
        exercise="training",
        hint=(
            "You give the model masks of ones. The loss leaves padding out of the sum, but the encoder needs the "
            "masks to leave it out of the context."
        ),
        changes=[
            ("model(x, masks), x, masks", "model(x, torch.ones_like(masks)), x, masks"),
        ],
    ),
    Mistake(
        name="sigmoid_again_in_training",
        exercise="training",
        hint="You put a sigmoid around what the model gives. That is a probability already.",
        changes=[
            ("masked_loss(model(x, masks), x, masks)", "masked_loss(torch.sigmoid(model(x, masks)), x, masks)"),
        ],
    ),
    Mistake(
        name="only_prediction_masked",
        exercise="training",
        hint=(
            "You set the predictions for padded visits to zero, but not the truth. A code there would still cost "
            "something: mask the loss."
        ),
        changes=[
            ("loss = criterion(x_hat, x) * masks.unsqueeze(-1)", "loss = criterion(x_hat * masks.unsqueeze(-1), x)"),
        ],
    ),
    Mistake(
        name="batch_of_one_left_out",
        exercise="training",
        hint="You leave out a batch that has a single patient. Each batch has its step.",
        changes=[
            (
                "            optimizer.zero_grad()\n            loss =",
                "            if len(x) == 1:\n"
                "                continue\n"
                "            optimizer.zero_grad()\n"
                "            loss =",
            ),
        ],
    ),
]

CLUSTERING = [
    Mistake(
        name="embeddings_standardized",
        exercise="clustering",
        hint="You scale the embeddings, their numbers or their rows, before k-means. Cluster them as they are.",
        changes=[
            (
                ".fit_predict(embeddings)",
                ".fit_predict((embeddings - embeddings.mean(axis=0)) / (embeddings.std(axis=0) + 1e-8))",
            )
        ],
    ),
    Mistake(
        name="training_mode_left_on",
        exercise="clustering",
        hint="You leave the model in the mode it is in. Layers such as dropout behave differently in evaluation mode.",
        changes=[("    model.eval()\n", "")],
    ),
    Mistake(
        name="gradients_recorded",
        exercise="clustering",
        hint="You record gradients where none are needed. Call the encoder inside `torch.no_grad()`.",
        changes=[
            ("with torch.no_grad():", "with torch.enable_grad():"),
            (".cpu().numpy())", ".detach().cpu().numpy())"),
        ],
    ),
    Mistake(
        name="batches_left_on_cpu",
        exercise="clustering",
        hint="You leave x on the CPU, where the loader has put it. The model may be on a GPU.",
        changes=[("x.to(device), masks", "x, masks")],
    ),
    Mistake(
        name="last_batch_only",
        exercise="clustering",
        hint="You return the last batch. Collect the embeddings of all of them.",
        changes=[
            ("np.concatenate(embeddings)", "embeddings[-1]"),
            ("np.concatenate(labels)", "labels[-1]"),
        ],
    ),
    Mistake(
        name="batches_not_joined",
        exercise="clustering",
        hint="You make an array of a list of batches. They differ in size; join them along the patients.",
        changes=[("np.concatenate(embeddings)", "np.array(embeddings)")],
    ),
    Mistake(
        name="reconstructions_embedded",
        exercise="clustering",
        hint="You take what the whole model reconstructs. The embedding is what its encoder gives.",
        changes=[("model.encoder(", "model(")],
    ),
    Mistake(
        name="global_model_embeds",
        exercise="clustering",
        hint="You call the notebook's `seq2seq` in place of the `model` that you are given.",
        changes=[("model.encoder(", "seq2seq.encoder(")],
    ),
    Mistake(
        name="masks_forgotten_in_embedding",
        exercise="clustering",
        hint="You tell the encoder that all visits are real. Hand it the masks of the batch.",
        changes=[("masks.to(device)", "torch.ones_like(masks).to(device)")],
    ),
    Mistake(
        name="training_mode_switched_on",
        exercise="clustering",
        hint="You call `model.train()`, with which dropout is at work. Embeddings are made after `model.eval()`.",
        changes=[("model.eval()", "model.train()")],
    ),
    Mistake(
        name="first_components_clustered",
        exercise="clustering",
        hint="You give k-means a few principal components. It looks at the embeddings as they are.",
        changes=[
            (
                "fit_predict(embeddings)",
                "fit_predict(embeddings @ np.linalg.svd(embeddings - embeddings.mean(axis=0), False)[2][:2].T)",
            ),
        ],
    ),
    Mistake(
        name="tensors_returned",
        exercise="clustering",
        hint="You return torch tensors. What comes next works with numpy arrays.",
        changes=[("np.concatenate(embeddings)", "torch.from_numpy(np.concatenate(embeddings))")],
    ),
    Mistake(
        name="default_number_of_clusters",
        exercise="clustering",
        hint="You leave the number of clusters to scikit-learn, which makes eight.",
        changes=[("n_clusters=2, ", "")],
    ),
    Mistake(
        name="three_clusters",
        exercise="clustering",
        hint="You ask for three clusters. There are to be two.",
        changes=[("n_clusters=2", "n_clusters=3")],
    ),
    Mistake(
        name="clusters_not_seeded",
        exercise="clustering",
        hint="Your k-means starts from other random centers each time, so that the same patients get other labels.",
        changes=[(", random_state=0", "")],
    ),
    Mistake(
        name="distances_returned",
        exercise="clustering",
        hint="You return each patient's distances to the centers. The label is the number of the nearest one.",
        changes=[
            ("labels = KMeans", "kmeans = KMeans"),
            (".fit_predict(embeddings)", ".fit(embeddings)\n    labels = kmeans.labels_"),
            ("return labels", "return kmeans.transform(embeddings)"),
        ],
    ),
    Mistake(
        name="score_not_printed",
        exercise="clustering",
        hint="You compute the score and keep it to yourself. Print it.",
        changes=[("print(", "str(")],
    ),
    Mistake(
        name="inertia_printed",
        exercise="clustering",
        hint="You print the sum of squared distances that k-means minimizes. The Calinski-Harabasz "
        "score compares the spread between the clusters with that within them.",
        changes=[
            ("labels = KMeans", "kmeans = KMeans"),
            (".fit_predict(embeddings)", ".fit(embeddings)\n    labels = kmeans.labels_"),
            ("{calinski_harabasz_score(embeddings, labels):.1f}", "{kmeans.inertia_:.1f}"),
        ],
    ),
    Mistake(
        name="nothing_moved",
        exercise="clustering",
        hint="You leave x and the masks on the CPU, where the loader has put them. The model may be on a GPU.",
        changes=[("model.encoder(x.to(device), masks.to(device))", "model.encoder(x, masks)")],
    ),
    Mistake(
        name="batches_put_in_front",
        exercise="clustering",
        hint="You put each batch before those that came earlier. Keep the order of the loader: append.",
        changes=[("embeddings.append(", "embeddings.insert(0, "), ("labels.append(", "labels.insert(0, ")],
    ),
    Mistake(
        name="first_ten_patients_embedded",
        exercise="clustering",
        hint="You leave patients out: those after the first of a batch, or after the first batches. Was it for trying "
        "things out?",
        changes=[
            (
                "model.encoder(x.to(device), masks.to(device))",
                "model.encoder(x[:10].to(device), masks[:10].to(device))",
            ),
            ("labels.append(y.numpy())", "labels.append(y[:10].numpy())"),
        ],
    ),
    Mistake(
        name="own_loader_shuffled",
        exercise="clustering",
        hint="You shuffle the patients, with a loader of your own. Take the one that is given: it keeps their order.",
        changes=[
            (
                "for x, masks, y in data_loader:",
                "own = DataLoader(data_loader.dataset, batch_size=64, shuffle=True)\n        for x, masks, y in own:",
            ),
        ],
    ),
    Mistake(
        name="reconstructions_averaged",
        exercise="clustering",
        hint="You take the mean of what the whole model reconstructs. The embedding is what its encoder gives.",
        changes=[
            ("model.encoder(x.to(device), masks.to(device))", "model(x.to(device), masks.to(device)).mean(dim=1)"),
        ],
    ),
    Mistake(
        name="clusters_from_one",
        exercise="clustering",
        hint="Your clusters are called 1 and 2. The labels are 0 and 1, as k-means gives them.",
        changes=[
            (".fit_predict(embeddings)", ".fit_predict(embeddings) + 1"),
        ],
    ),
    Mistake(
        name="score_returned_too",
        exercise="clustering",
        hint="You return the score beside the labels. The labels alone are asked for.",
        changes=[("return labels", "return labels, 0.0")],
    ),
    Mistake(
        name="first_number_only",
        exercise="clustering",
        hint="You cluster by the first number of each embedding. All of them count.",
        changes=[(".fit_predict(embeddings)", ".fit_predict(embeddings[:, :1])")],
    ),
    Mistake(
        name="silhouette_printed",
        exercise="clustering",
        hint="You print the silhouette score. The Calinski-Harabasz score is asked for.",
        changes=[
            ("    print(\n", "    from sklearn.metrics import silhouette_score\n\n    print(\n"),
            ("calinski_harabasz_score(embeddings, labels):.1f", "silhouette_score(embeddings, labels):.1f"),
        ],
    ),
    Mistake(
        name="labels_of_masks",
        exercise="clustering",
        hint="Your labels are made of the masks. They are the third part of a batch.",
        changes=[("labels.append(y.numpy())", "labels.append(masks.sum(dim=1).numpy())")],
    ),
    Mistake(
        name="labels_as_column",
        exercise="clustering",
        hint="Your labels are a column, (patients, 1). They are one number for each patient, (patients,).",
        changes=[("labels.append(y.numpy())", "labels.append(y.numpy().reshape(-1, 1))")],
    ),
    Mistake(
        name="numpy_of_the_device",
        exercise="clustering",
        hint="You make an array of a tensor that may be on a GPU. Bring it to the CPU first.",
        changes=[(".cpu().numpy())", ".numpy())")],
    ),
    Mistake(
        name="first_batch_only",
        exercise="clustering",
        hint="You stop after the first batch.",
        changes=[
            ("            labels.append(y.numpy())\n", "            labels.append(y.numpy())\n            break\n")
        ],
    ),
    Mistake(
        name="labels_of_the_cohort",
        exercise="clustering",
        hint="You take the labels from the notebook's cohort. Those of the patients that are embedded come with their "
        "batches.",
        changes=[("np.concatenate(labels)", "np.array(hfs)[: len(np.concatenate(labels))]")],
    ),
    Mistake(
        name="six_clusters",
        exercise="clustering",
        hint="You ask for six clusters. There are to be two.",
        changes=[("n_clusters=2", "n_clusters=6")],
    ),
    Mistake(
        name="labels_returned_first",
        exercise="clustering",
        hint="You return the labels first. The embeddings come first.",
        changes=[
            (
                "return np.concatenate(embeddings), np.concatenate(labels)",
                "return np.concatenate(labels), np.concatenate(embeddings)",
            ),
        ],
    ),
    Mistake(
        name="context_squeezed_in_embedding",
        exercise="clustering",
        hint="You squeeze the context, which takes off the axis of a batch with one patient. It has none too many.",
        changes=[
            (
                "model.encoder(x.to(device), masks.to(device))",
                "model.encoder(x.to(device), masks.to(device)).squeeze()",
            ),
        ],
    ),
    Mistake(
        name="embeddings_centered_in_place",
        exercise="clustering",
        hint="You change the caller's embeddings in place (`-=`). Make a new array instead.",
        changes=[("    labels = KMeans(", "    embeddings -= embeddings.mean(axis=0)\n    labels = KMeans(")],
    ),
    Mistake(
        name="embeddings_of_unit_length",
        exercise="clustering",
        hint="You divide each embedding by its length. An embedding is the context as the encoder gives it.",
        changes=[
            (
                "model.encoder(x.to(device), masks.to(device))",
                "nn.functional.normalize(model.encoder(x.to(device), masks.to(device)))",
            ),
        ],
    ),
    Mistake(
        name="evaluation_mode_too_late",
        exercise="clustering",
        hint="You switch to evaluation mode after the first batch. Switch before the loop.",
        changes=[
            ("    model.eval()\n", ""),
            (
                "            labels.append(y.numpy())\n",
                "            labels.append(y.numpy())\n            model.eval()\n",
            ),
        ],
    ),
    Mistake(
        name="mask_of_two_codes",
        exercise="clustering",
        hint=(
            "You make a mask of your own, of the visits with more than one code. Which visits are real is what "
            "the loader's masks say."
        ),
        changes=[("masks.to(device)", "(x.sum(dim=-1) > 1).to(device)")],
    ),
    Mistake(
        name="zeros_at_the_end",
        exercise="clustering",
        hint="You make room for full batches only, so that there are rows of zeros after the last patient.",
        changes=[
            (
                "return np.concatenate(embeddings), np.concatenate(labels)",
                "more = len(data_loader) * data_loader.batch_size - sum(len(part) for part in labels)\n"
                "    return np.pad(np.concatenate(embeddings), ((0, more), (0, 0))), "
                "np.pad(np.concatenate(labels), (0, more))",
            ),
        ],
    ),
    Mistake(
        name="directions_clustered",
        exercise="clustering",
        hint="You divide each embedding by its length before k-means. It takes the embeddings as they are.",
        changes=[
            (
                ".fit_predict(embeddings)",
                ".fit_predict(embeddings / (np.linalg.norm(embeddings, axis=1, keepdims=True) + 1e-9))",
            ),
        ],
    ),
    Mistake(
        name="first_two_numbers_only",
        exercise="clustering",
        hint="You cluster the first two numbers of the embeddings. K-means takes all of them.",
        changes=[(".fit_predict(embeddings)", ".fit_predict(embeddings[:, :2])")],
    ),
    Mistake(
        name="training_mode_again_after_a_batch",
        exercise="clustering",
        hint="You go back to training mode after the first batch, so that the other patients are embedded in it.",
        changes=[
            (
                "            labels.append(y.numpy())\n",
                "            labels.append(y.numpy())\n            model.train()\n",
            ),
        ],
    ),
]


GUESSES = [
    *slips_of_letter("guess_alone", 'letter = "a"'),
    *slips_of_letter("guess_baseline", 'letter = "a"'),
    *slips_of_letter("guess_longer", 'letter = "a"'),
    *slips_of_share("guess_padding", "share = 0.2"),
    *slips(
        "guess_scores",
        "return f1, accuracy",
        {
            "percentages": ("return 90, 70", "Your F1 is above one. Give shares, not percentages: half is 0.5."),
            "accuracy_as_percentage": (
                "return f1, 70",
                "Your accuracy is above one. Give a share, not a percentage: half is 0.5.",
            ),
            "below_zero": ("return -0.1, accuracy", "Your F1 is below zero. A share is from 0 to 1."),
            "accuracy_below_zero": ("return f1, -0.1", "Your accuracy is below zero. A share is from 0 to 1."),
            "one_number": ("return f1", "You return one number. Two are asked for, F1 and accuracy."),
            "three_numbers": ("return f1, f1, accuracy", "You return three values, not F1 and accuracy alone."),
            "in_words": ('return "high", "low"', "Your guesses are texts. Give numbers."),
            "nothing": ("return None", NOTHING),
        },
    ),
    *slips(
        "guess_clusters",
        "patients = 195",
        {
            "share": ("patients = 0.95", "Your guess is a share. A number of patients is asked for, from 100 to 200."),
            "below_half": (
                "patients = 60",
                "Your guess is below one half. With the name that fits better it is 100 patients at least.",
            ),
            "of_all_patients": (
                "patients = 950",
                "Your guess is of more patients than there are. The 200 validation patients are clustered.",
            ),
            "in_words": ('patients = "nearly all"', "Your guess is a text. Give a number."),
            "several_values": ("patients = 150, 190", "Your guess is more than one value. Settle for one number."),
            "nothing": ("patients = None", NOTHING),
        },
    ),
]

FORETELL = [
    Mistake(
        name="foretold_in_bits",
        exercise="foretell_start",
        hint="You take the logarithm to base two. Cross-entropy, as PyTorch computes it, takes the natural one.",
        changes=[("np.log(2)", "np.log2(2)")],
    ),
    Mistake(
        name="foretold_to_base_ten",
        exercise="foretell_start",
        hint="You take the logarithm to base ten. Cross-entropy, as PyTorch computes it, takes the natural one.",
        changes=[("np.log(2)", "np.log10(2)")],
    ),
    Mistake(
        name="foretold_for_one_code",
        exercise="foretell_start",
        hint="You count one code a visit. A visit asks about each of the 105, also about those that are not there.",
        changes=[("visits * 105 * np.log(2)", "visits * np.log(2)")],
    ),
    Mistake(
        name="foretold_for_one_visit",
        exercise="foretell_start",
        hint="You count one visit. The loss is summed over all real visits of a patient.",
        changes=[("visits * 105 * np.log(2)", "105 * np.log(2)")],
    ),
    Mistake(
        name="foretold_below_zero",
        exercise="foretell_start",
        hint="Your loss is below zero. The logarithm of a probability is, and cross-entropy takes it with a minus.",
        changes=[("np.log(2)", "np.log(0.5)")],
    ),
    Mistake(
        name="foretold_with_one_code_there",
        exercise="foretell_start",
        hint="You foretell for one code of 105 that is there, each as likely. Each code is a question of its own.",
        changes=[("visits * 105 * np.log(2)", "visits * np.log(105)")],
    ),
    Mistake(
        name="foretold_half_for_each_code",
        exercise="foretell_start",
        hint="You count one half for each code, the probability itself. Its cost is the logarithm.",
        changes=[("np.log(2)", "0.5")],
    ),
    Mistake(
        name="foretold_for_hidden_numbers",
        exercise="foretell_start",
        hint="You count the 128 numbers of a hidden state. A visit asks about each of the 105 codes.",
        changes=[
            ("visits * 105 * np.log(2)", "visits * 128 * np.log(2)"),
        ],
    ),
    Mistake(
        name="foretold_for_a_batch",
        exercise="foretell_start",
        hint="You add up the 32 patients of a batch. The loss is the mean over them.",
        changes=[
            ("visits * 105 * np.log(2)", "32 * visits * 105 * np.log(2)"),
        ],
    ),
]

MISTAKES = DATASET + COLLATE + LOADERS + ENCODER + DECODER + SEQ2SEQ + TRAINING + CLUSTERING + GUESSES + FORETELL

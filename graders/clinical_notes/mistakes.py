"""Wrong solutions of `clinical_notes` that students write. They prove the checks, and they explain failures."""

from graders.guesses import NOTHING, slips, slips_of_letter, slips_of_share
from proctor.authoring.bank import Mistake

EVALUATION = [
    Mistake(
        name="logits_squeezed",
        exercise="evaluation",
        hint="You squeeze the logits. Where the last batch is a single note, that drops the axis of the notes.",
        changes=[
            (
                "probs.append(torch.sigmoid(logits).cpu().numpy())",
                "probs.append(torch.sigmoid(logits).squeeze().cpu().numpy())",
            ),
        ],
    ),
    Mistake(
        name="evaluation_mode_forgotten",
        exercise="evaluation",
        hint="Your `predict` does not switch to evaluation mode, so dropout goes on leaving numbers out.",
        changes=[("model.eval()", "pass")],
    ),
    Mistake(
        name="gradients_kept",
        exercise="evaluation",
        hint="Your `predict` keeps all that gradients would need. Put the loop into `torch.no_grad()`.",
        changes=[("with torch.no_grad():", "if True:"), ("(logits).cpu()", "(logits).detach().cpu()")],
    ),
    Mistake(
        name="logits_as_probabilities",
        exercise="evaluation",
        hint="Your probabilities are the bare logits. The sigmoid makes probabilities of them.",
        changes=[("torch.sigmoid(logits)", "logits")],
    ),
    Mistake(
        name="softmax_over_diagnoses",
        exercise="evaluation",
        hint="Your probabilities are a softmax over the diagnoses, so that a note could have only one. Each "
        "diagnosis has a sigmoid of its own.",
        changes=[("torch.sigmoid(logits)", "torch.softmax(logits, dim=-1)")],
    ),
    Mistake(
        name="verdicts_as_probabilities",
        exercise="evaluation",
        hint="Your `predict` rounds to verdicts of 0 and 1. Keep the probabilities; the scores draw the line.",
        changes=[("torch.sigmoid(logits).cpu()", "(torch.sigmoid(logits) > 0.5).float().cpu()")],
    ),
    Mistake(
        name="global_model_evaluated",
        exercise="evaluation",
        hint="You evaluate the notebook's own model, whatever model `predict` is given: something in your code is "
        "bound to the global name.",
        changes=[("model.eval()", 'model = globals()["model"]; model.eval()')],
    ),
    Mistake(
        name="truth_and_predictions_swapped",
        exercise="evaluation",
        hint="You return the probabilities first and the labels second.",
        changes=[
            (
                "return np.concatenate(truth), np.concatenate(probs)",
                "return np.concatenate(probs), np.concatenate(truth)",
            )
        ],
    ),
    Mistake(
        name="device_forgotten",
        exercise="evaluation",
        hint="You pass the tokens to the model where they lie. On a GPU they have to be moved to `device` first.",
        changes=[("tokens.to(device)", "tokens")],
    ),
    Mistake(
        name="line_drawn_at_zero",
        exercise="evaluation",
        hint="You compare probabilities with 0, which is the line for logits. For probabilities it is one half.",
        changes=[("pred = probs > 0.5", "pred = probs > 0")],
    ),
    Mistake(
        name="one_half_counts_as_above",
        exercise="evaluation",
        hint="You predict a diagnosis at a probability of one half already. It is to be above that.",
        changes=[("probs > 0.5", "probs >= 0.5")],
    ),
    Mistake(
        name="micro_and_macro_swapped",
        exercise="evaluation",
        hint="Your micro F1 is the macro F1 and the other way round: micro counts all in one, macro is the mean.",
        changes=[
            ('average="micro"', 'average="MICRO"'),
            ('average="macro"', 'average="micro"'),
            ('average="MICRO"', 'average="macro"'),
        ],
    ),
    Mistake(
        name="f1_of_each_note",
        exercise="evaluation",
        hint='Your micro F1 is a mean over the notes (`average="samples"`). Micro counts all of them in one.',
        changes=[('average="micro"', 'average="samples"')],
    ),
    Mistake(
        name="weighted_for_macro",
        exercise="evaluation",
        hint="Your macro F1 weighs the diagnoses by how frequent they are. Macro is their plain mean.",
        changes=[('average="macro"', 'average="weighted"')],
    ),
    Mistake(
        name="division_by_zero_warned",
        exercise="evaluation",
        hint="Where a diagnosis never occurs and is never predicted, your `f1_scores` prints a warning: pass "
        "`zero_division=0`.",
        changes=[("average=None, zero_division=0", "average=None")],
    ),
    Mistake(
        name="unmentioned_counted",
        exercise="evaluation",
        hint="You count every diagnosis with label 0 as negated, also those that the note does not mention at all.",
        changes=[("truth[mentioned] == 0", "truth.ravel() == 0"), ("probs[mentioned] <= 0.5", "probs.ravel() <= 0.5")],
    ),
    Mistake(
        name="affirmed_mentions_scored",
        exercise="evaluation",
        hint="You score the mentions that are not negated, those with label 1. Negated are those with label 0.",
        changes=[("truth[mentioned] == 0", "truth[mentioned] == 1")],
    ),
    Mistake(
        name="all_mentions_scored",
        exercise="evaluation",
        hint="Your accuracy is over all mentions. It is asked for the negated ones alone.",
        changes=[("held_back[negated].mean()", "(held_back == negated).mean()")],
    ),
    Mistake(
        name="f1_of_being_found",
        exercise="evaluation",
        hint='Your F1 is that of the verdict "found". Asked for is the F1 of the verdict "negated", the other class.',
        changes=[("f1_score(negated, held_back, zero_division=0)", "f1_score(~negated, ~held_back, zero_division=0)")],
    ),
    Mistake(
        name="one_half_is_not_held_back",
        exercise="evaluation",
        hint="At a probability of exactly one half your `negation_scores` counts a mention as predicted. It is "
        "to be above that.",
        changes=[("probs[mentioned] <= 0.5", "probs[mentioned] < 0.5")],
    ),
    Mistake(
        name="absent_counts_as_one",
        exercise="evaluation",
        hint="A diagnosis that never occurs and is never predicted counts 1 in your F1. It is to count 0: "
        "`zero_division=0`.",
        changes=[
            ("average=None, zero_division=0", "average=None, zero_division=1"),
            ('average="macro", zero_division=0', 'average="macro", zero_division=1'),
        ],
    ),
    Mistake(
        name="share_of_predicted",
        exercise="evaluation",
        hint="Your accuracy is the share of negated mentions that are predicted. Asked for is the share that is not.",
        changes=[("held_back[negated].mean()", "(~held_back)[negated].mean()")],
    ),
    Mistake(
        name="last_batch_only",
        exercise="evaluation",
        hint="You keep the last batch alone. Append what each batch gives to `truth` and `probs`.",
        changes=[
            ("truth.append(labels.cpu().numpy())", "truth[:] = [labels.cpu().numpy()]"),
            ("probs.append(torch.sigmoid(logits).cpu().numpy())", "probs[:] = [torch.sigmoid(logits).cpu().numpy()]"),
        ],
    ),
    Mistake(
        name="probabilities_changed_in_place",
        exercise="evaluation",
        hint="Your scores change the probabilities that they are given in place. Make a new array of verdicts.",
        changes=[("pred = probs > 0.5", "probs[:] = probs > 0.5\n    pred = probs")],
    ),
    Mistake(
        name="not_fetched_from_the_gpu",
        exercise="evaluation",
        hint="You turn probabilities into arrays where they lie. From a GPU they have to be fetched first: "
        "`.cpu().numpy()`.",
        changes=[("torch.sigmoid(logits).cpu().numpy()", "torch.sigmoid(logits).numpy()")],
    ),
    Mistake(
        name="threshold_of_three_tenths",
        exercise="evaluation",
        hint="You draw the line at 0.3. A diagnosis is predicted where its probability is above one half.",
        changes=[("pred = probs > 0.5", "pred = probs > 0.3")],
    ),
    Mistake(
        name="samples_for_macro",
        exercise="evaluation",
        hint="You average the F1 of the notes. Macro is the mean over the diagnoses.",
        changes=[('average="macro"', 'average="samples"')],
    ),
    Mistake(
        name="accuracy_of_affirmed",
        exercise="evaluation",
        hint="Your accuracy is that of the affirmed mentions. It is asked for the negated ones.",
        changes=[("held_back[negated].mean()", "(~held_back)[~negated].mean()")],
    ),
    Mistake(
        name="largest_class_only",
        exercise="evaluation",
        hint="You predict only the most probable diagnosis of each note. A note may have several, or none.",
        changes=[("pred = probs > 0.5", "pred = probs == probs.max(axis=1, keepdims=True)")],
    ),
    Mistake(
        name="batches_put_in_front",
        exercise="evaluation",
        hint="You put each batch in front of those before it. The order of the loader is asked for.",
        changes=[
            (
                "probs.append(torch.sigmoid(logits).cpu().numpy())",
                "probs.insert(0, torch.sigmoid(logits).cpu().numpy())",
            )
        ],
    ),
    Mistake(
        name="sigmoid_of_sigmoid",
        exercise="evaluation",
        hint="You take the sigmoid twice. What comes out of the first is the probability.",
        changes=[("torch.sigmoid(logits)", "torch.sigmoid(torch.sigmoid(logits))")],
    ),
    Mistake(
        name="share_of_held_back",
        exercise="evaluation",
        hint="Your accuracy is the share of those held back that are negated. Asked for is the other way round: of the "
        "negated mentions, the share that is held back.",
        changes=[("held_back[negated].mean()", "negated[held_back].mean()")],
    ),
    Mistake(
        name="f1_of_both_verdicts",
        exercise="evaluation",
        hint='Your F1 is the mean over both verdicts. Asked for is that of "negated" alone.',
        changes=[("f1_score(negated, held_back,", 'f1_score(negated, held_back, average="macro",')],
    ),
    Mistake(
        name="f1_of_all_verdicts",
        exercise="evaluation",
        hint='Your F1 counts both verdicts in one, which is the accuracy. Asked for is the F1 of "negated" alone.',
        changes=[("f1_score(negated, held_back,", 'f1_score(negated, held_back, average="micro",')],
    ),
    Mistake(
        name="evaluation_mode_late",
        exercise="evaluation",
        hint="You switch to evaluation mode after the first batch has passed the model. Switch before the loop.",
        changes=[
            ("    model.eval()\n", ""),
            (
                "            logits, _ = model(tokens.to(device))\n",
                "            logits, _ = model(tokens.to(device))\n            model.eval()\n",
            ),
        ],
    ),
    Mistake(
        name="batches_taken_apart",
        exercise="evaluation",
        hint="You `extend` the lists with the rows of each batch, and so what comes out is one long row. Append each "
        "batch as a whole.",
        changes=[
            ("truth.append(", "truth.extend("),
            ("probs.append(", "probs.extend("),
        ],
    ),
    Mistake(
        name="probabilities_taken_apart",
        exercise="evaluation",
        hint="You `extend` the list of probabilities with the rows of each batch, and so they come out as one long "
        "row. Append each batch as a whole.",
        changes=[("probs.append(", "probs.extend(")],
    ),
    Mistake(
        name="absent_counts_as_one_in_macro",
        exercise="evaluation",
        hint="In your macro F1, a diagnosis that never occurs and is never predicted counts 1. It is to count 0, as "
        "in the F1 of each.",
        changes=[('average="macro", zero_division=0', 'average="macro", zero_division=1')],
    ),
    Mistake(
        name="nothing_counts_as_one_in_micro",
        exercise="evaluation",
        hint="Where nothing at all is to be found and nothing is found, your micro F1 is 1. It is to be 0.",
        changes=[('average="micro", zero_division=0', 'average="micro", zero_division=1')],
    ),
    Mistake(
        name="verdicts_flattened_for_micro",
        exercise="evaluation",
        hint='You flatten labels and verdicts before the micro F1. Then "not found" is a class of its own, and what '
        "comes out is the accuracy. Hand over the whole arrays.",
        changes=[('f1_score(truth, pred, average="micro"', 'f1_score(truth.ravel(), pred.ravel(), average="micro"')],
    ),
    Mistake(
        name="verdicts_flattened_for_macro",
        exercise="evaluation",
        hint='You flatten labels and verdicts before the macro F1. Then it is the mean over "found" and "not found", '
        "not over the diagnoses.",
        changes=[('f1_score(truth, pred, average="macro"', 'f1_score(truth.ravel(), pred.ravel(), average="macro"')],
    ),
    Mistake(
        name="absent_left_out_of_macro",
        exercise="evaluation",
        hint="Your macro F1 leaves out a diagnosis whose F1 is 0, such as one that never occurs and is never "
        "predicted. It counts as 0 in the mean.",
        changes=[
            (
                'f1_score(truth, pred, average="macro", zero_division=0)',
                "per_class[per_class > 0].mean() if per_class.any() else 0.0",
            ),
        ],
    ),
    Mistake(
        name="macro_of_mean_precision_and_recall",
        exercise="evaluation",
        hint="Your macro F1 is made of the mean precision and the mean recall. It is the mean of the diagnoses' F1s.",
        changes=[
            (
                'macro = f1_score(truth, pred, average="macro", zero_division=0)',
                "found = (pred & (truth == 1)).sum(axis=0)\n"
                "    precision = (found / np.maximum(pred.sum(axis=0), 1)).mean()\n"
                "    recall = (found / np.maximum(truth.sum(axis=0), 1)).mean()\n"
                "    macro = 2 * precision * recall / max(precision + recall, 1e-12)",
            ),
        ],
    ),
    Mistake(
        name="per_class_of_notes",
        exercise="evaluation",
        hint="Your `per_class` has a number for each note. The classes are the diagnoses, the columns.",
        changes=[("f1_score(truth, pred, average=None", "f1_score(truth.T, pred.T, average=None")],
    ),
    Mistake(
        name="micro_for_macro",
        exercise="evaluation",
        hint="Your macro F1 is the micro F1 once more. Macro is the mean of the diagnoses' F1s.",
        changes=[('average="macro"', 'average="micro"')],
    ),
    Mistake(
        name="weighted_for_micro",
        exercise="evaluation",
        hint="Your micro F1 is a mean of F1s, weighted by how frequent the diagnoses are. Micro counts all in one.",
        changes=[('average="micro"', 'average="weighted"')],
    ),
    Mistake(
        name="weighted_by_verdicts_for_micro",
        exercise="evaluation",
        hint="Your micro F1 is a mean of F1s, weighted by how often each diagnosis is predicted. Micro counts all in "
        "one.",
        changes=[
            (
                'f1_score(truth, pred, average="micro", zero_division=0)',
                "np.average(per_class, weights=pred.sum(axis=0) + 1e-12)",
            ),
        ],
    ),
    Mistake(
        name="share_of_all_mentions",
        exercise="evaluation",
        hint="Your accuracy divides by all mentions. Divide by the number of negated ones.",
        changes=[("held_back[negated].mean()", "(held_back & negated).mean()")],
    ),
    Mistake(
        name="all_held_back_counted",
        exercise="evaluation",
        hint="Your accuracy is the share of all mentions that is held back. It is asked for the negated ones alone.",
        changes=[("held_back[negated].mean()", "held_back.mean()")],
    ),
    Mistake(
        name="accuracy_averaged_over_diagnoses",
        exercise="evaluation",
        hint="Your accuracy is a mean of the diagnoses' accuracies. Count the negated mentions of all diagnoses in "
        "one.",
        changes=[
            (
                "accuracy = held_back[negated].mean()",
                "chosen = mentioned & (truth == 0)\n"
                "    shares = [(probs[chosen[:, i], i] <= 0.5).mean() for i in range(truth.shape[1]) if chosen[:, "
                "i].any()]\n"
                "    accuracy = np.mean(shares)",
            ),
        ],
    ),
    Mistake(
        name="accuracy_averaged_over_notes",
        exercise="evaluation",
        hint="Your accuracy is a mean of the notes' accuracies. Count the negated mentions of all notes in one.",
        changes=[
            (
                "accuracy = held_back[negated].mean()",
                "chosen = mentioned & (truth == 0)\n"
                "    shares = [(row[which] <= 0.5).mean() for row, which in zip(probs, chosen) if which.any()]\n"
                "    accuracy = np.mean(shares)",
            ),
        ],
    ),
    Mistake(
        name="negation_f1_averaged_over_diagnoses",
        exercise="evaluation",
        hint='Your F1 of "negated" is a mean of the diagnoses\' F1s. Count the mentions of all diagnoses in one.',
        changes=[
            (
                "f1 = f1_score(negated, held_back, zero_division=0)",
                "pairs = [(truth[which, i] == 0, probs[which, i] <= 0.5) for i, which in enumerate(mentioned.T)]\n"
                "    f1 = np.mean([f1_score(*pair, zero_division=0) for pair in pairs])",
            ),
        ],
    ),
    Mistake(
        name="negation_f1_averaged_over_notes",
        exercise="evaluation",
        hint='Your F1 of "negated" is a mean of the notes\' F1s. Count the mentions of all notes in one.',
        changes=[
            (
                "f1 = f1_score(negated, held_back, zero_division=0)",
                "pairs = [(truth[i, which] == 0, probs[i, which] <= 0.5) for i, which in enumerate(mentioned) if "
                "which.any()]\n"
                "    f1 = np.mean([f1_score(*pair, zero_division=0) for pair in pairs])",
            ),
        ],
    ),
    Mistake(
        name="f1_of_notes_with_negation",
        exercise="evaluation",
        hint='Your F1 of "negated" counts only notes that have a negated mention. The mentions of all notes count: one '
        "that is held back wrongly may stand in any.",
        changes=[
            (
                "f1 = f1_score(negated, held_back, zero_division=0)",
                "which = mentioned & (mentioned & (truth == 0)).any(axis=1, keepdims=True)\n"
                "    f1 = f1_score(truth[which] == 0, probs[which] <= 0.5, zero_division=0)",
            ),
        ],
    ),
    Mistake(
        name="probabilities_changed_by_negation_scores",
        exercise="evaluation",
        hint="Your `negation_scores` writes into the probabilities that it is given. They are the caller's: leave "
        "them as they are.",
        changes=[
            ("held_back = probs[mentioned] <= 0.5", "probs[~mentioned] = 1\n    held_back = probs[mentioned] <= 0.5"),
        ],
    ),
    Mistake(
        name="labels_changed_by_negation_scores",
        exercise="evaluation",
        hint="Your `negation_scores` writes into the labels that it is given. They are the caller's: leave them as "
        "they are.",
        changes=[("negated = truth[mentioned] == 0", "truth[~mentioned] = 1\n    negated = truth[mentioned] == 0")],
    ),
    Mistake(
        name="training_mode_again_after_each_batch",
        exercise="evaluation",
        hint="You go back to training mode after each batch, so that the later notes are read in it.",
        changes=[
            (
                "            probs.append(torch.sigmoid(logits).cpu().numpy())\n",
                "            probs.append(torch.sigmoid(logits).cpu().numpy())\n            model.train()\n",
            ),
        ],
    ),
    Mistake(
        name="probabilities_rounded",
        exercise="evaluation",
        hint="You round the probabilities. Their digits tell on which side of a line they are.",
        changes=[
            ("torch.sigmoid(logits).cpu().numpy()", "np.round(torch.sigmoid(logits).cpu().numpy(), 1)"),
        ],
    ),
]

POSITIONS = [
    Mistake(
        name="sine_and_cosine_swapped",
        exercise="positions",
        hint="You have the cosines in the even columns and the sines in the odd ones: it is the other way round.",
        changes=[
            ("torch.sin(position", "torch.COS(position"),
            ("torch.cos(position", "torch.sin(position"),
            ("torch.COS(position", "torch.cos(position"),
        ],
    ),
    Mistake(
        name="sines_only",
        exercise="positions",
        hint="You have sines in all columns. The odd ones are cosines: without them, the distance of two positions "
        "cannot be told.",
        changes=[("torch.cos(position", "torch.sin(position")],
    ),
    Mistake(
        name="halves_for_pairs",
        exercise="positions",
        hint="You have all sines in the first half and all cosines in the second. They take turns.",
        changes=[("pe[:, 0::2]", "pe[:, : d_model // 2]"), ("pe[:, 1::2]", "pe[:, d_model // 2 :]")],
    ),
    Mistake(
        name="exponent_doubled",
        exercise="positions",
        hint="Your frequencies fall twice as fast as they should: the exponent is 2i / d_model, where 2i is the column "
        "itself.",
        changes=[("* torch.arange(0, d_model, 2) / d_model", "* 2 * torch.arange(0, d_model, 2) / d_model")],
    ),
    Mistake(
        name="exponent_halved",
        exercise="positions",
        hint="Your frequencies fall half as fast as they should: the exponent is 2i / d_model, not i / d_model.",
        changes=[("* torch.arange(0, d_model, 2) / d_model", "* torch.arange(d_model // 2) / d_model")],
    ),
    Mistake(
        name="frequencies_rise",
        exercise="positions",
        hint="Your frequencies rise with the columns: you multiply by 10000^(2i / d_model) instead of dividing.",
        changes=[("-math.log(10000.0)", "math.log(10000.0)")],
    ),
    Mistake(
        name="thousand_for_ten_thousand",
        exercise="positions",
        hint="Your base is 1000; the paper's is 10000.",
        changes=[("10000.0", "1000.0")],
    ),
    Mistake(
        name="counted_from_one",
        exercise="positions",
        hint="Your first position is number 1. It should be number 0: sines 0 and cosines 1.",
        changes=[("torch.arange(max_len, dtype=torch.float)", "torch.arange(1, max_len + 1, dtype=torch.float)")],
    ),
    Mistake(
        name="words_left_out",
        exercise="positions",
        hint="You return the positions without the words. Add them to x.",
        changes=[("return x + self.pe[:, : x.shape[1]]", "return 0 * x + self.pe[:, : x.shape[1]]")],
    ),
    Mistake(
        name="words_multiplied",
        exercise="positions",
        hint="You multiply words and positions. They are added.",
        changes=[("return x + self.pe", "return x * self.pe")],
    ),
    Mistake(
        name="whole_table_added",
        exercise="positions",
        hint="You add the whole table, which fits notes of max_len words only. Take as many rows as there are words.",
        changes=[("self.pe[:, : x.shape[1]]", "self.pe")],
    ),
    Mistake(
        name="rows_counted_by_notes",
        exercise="positions",
        hint="You take as many rows of the table as there are notes (`x.size(0)`). Take as many as there are words.",
        changes=[("self.pe[:, : x.shape[1]]", "self.pe[:, : x.shape[0]]")],
    ),
    Mistake(
        name="cosine_with_its_own_exponent",
        exercise="positions",
        hint="Your cosines have an exponent of their own, (2i + 1) / d_model. Each shares the 2i / d_model of the sine "
        "before it.",
        changes=[
            (
                "torch.cos(position * frequency)",
                "torch.cos(position * 10000.0 ** (-(torch.arange(0, d_model, 2) + 1) / d_model))",
            ),
        ],
    ),
    Mistake(
        name="positions_drop_out",
        exercise="positions",
        hint="You drop some numbers in training. The text asks for no dropout here; the classifier has one of its own.",
        changes=[
            (
                "return x + self.pe[:, : x.shape[1]]",
                "return nn.functional.dropout(x + self.pe[:, : x.shape[1]], 0.1, self.training)",
            ),
        ],
    ),
    Mistake(
        name="last_positions_taken",
        exercise="positions",
        hint="You take the last rows of the table. A note begins at position 0: take the first ones.",
        changes=[("self.pe[:, : x.shape[1]]", "self.pe[:, -x.shape[1] :]")],
    ),
    Mistake(
        name="positions_left_on_the_cpu",
        exercise="positions",
        hint="You keep the table as a plain attribute. It then stays on the CPU when the model goes to a GPU.",
        changes=[
            ('self.register_buffer("pe", pe.unsqueeze(0))', "self.pe = pe.unsqueeze(0)"),
        ],
    ),
    Mistake(
        name="words_squeezed",
        exercise="positions",
        hint="You squeeze what comes out. With a single note or a single word, that drops an axis that has to stay.",
        changes=[
            (
                "return x + self.pe[:, : x.shape[1]]",
                "return (x + self.pe[:, : x.shape[1]]).squeeze()",
            ),
        ],
    ),
    Mistake(
        name="table_cut_for_good",
        exercise="positions",
        hint="You cut `self.pe` itself to the length of the first notes. Longer notes that come later find "
        "too few rows: cut it for the call alone.",
        changes=[
            (
                "return x + self.pe[:, : x.shape[1]]",
                "self.pe = self.pe[:, : x.shape[1]]\n        return x + self.pe",
            ),
        ],
    ),
    Mistake(
        name="positions_learned",
        exercise="positions",
        hint="Your table is a parameter, and so would be trained. The paper's positions are fixed.",
        changes=[
            ('self.register_buffer("pe", pe.unsqueeze(0))', "self.pe = nn.Parameter(pe.unsqueeze(0))"),
        ],
    ),
    Mistake(
        name="words_changed_in_place",
        exercise="positions",
        hint="You add the positions to the caller's x in place (`x += ...`). Return a new sum: `x + ...`.",
        changes=[("return x + self.pe[:, : x.shape[1]]", "x += self.pe[:, : x.shape[1]]\n        return x")],
    ),
    Mistake(
        name="table_of_doubles",
        exercise="positions",
        hint="Your table is in double precision, and so are words to which it is added; the layers after it "
        "take float32 only.",
        changes=[("pe = torch.zeros(max_len, d_model)", "pe = torch.zeros(max_len, d_model, dtype=torch.double)")],
    ),
    Mistake(
        name="max_len_typed_in",
        exercise="positions",
        hint="Your table has a number of rows of your own. Make as many as `max_len` says.",
        changes=[
            ("torch.arange(max_len, dtype", "torch.arange(512, dtype"),
            ("torch.zeros(max_len, d_model)", "torch.zeros(512, d_model)"),
        ],
    ),
    Mistake(
        name="words_scaled_here",
        exercise="positions",
        hint="You multiply the words by sqrt(d_model). That is the classifier's part; here the positions are "
        "added, and no more.",
        changes=[("return x + self.pe", "return x * math.sqrt(x.shape[-1]) + self.pe")],
    ),
    Mistake(
        name="positions_doubled",
        exercise="positions",
        hint="You add the positions twice.",
        changes=[("return x + self.pe[:, : x.shape[1]]", "return x + 2 * self.pe[:, : x.shape[1]]")],
    ),
    Mistake(
        name="positions_subtracted",
        exercise="positions",
        hint="You subtract the positions. They are added.",
        changes=[("return x + self", "return x - self")],
    ),
    Mistake(
        name="positions_by_length",
        exercise="positions",
        hint="You divide the positions by `max_len`. They are whole numbers: 0, 1, 2 and so on.",
        changes=[
            ("position * frequency)\n        pe[:, 1", "position / max_len * frequency)\n        pe[:, 1"),
            ("torch.cos(position * freq", "torch.cos(position / max_len * freq"),
        ],
    ),
    Mistake(
        name="positions_backwards",
        exercise="positions",
        hint="Your positions run backwards: the first word gets the last one.",
        changes=[("torch.arange(max_len, dtype=torch.float)", "torch.arange(max_len, dtype=torch.float).flip(0)")],
    ),
    Mistake(
        name="words_detached",
        exercise="positions",
        hint="You cut the words off from their gradient, so that the embedding never learns.",
        changes=[("return x + self", "return x.detach() + self")],
    ),
    Mistake(
        name="first_position_for_all",
        exercise="positions",
        hint="You add the first position to all words. Each word gets its own.",
        changes=[("self.pe[:, : x.shape[1]]", "self.pe[:, :1]")],
    ),
    Mistake(
        name="frequencies_to_the_very_end",
        exercise="positions",
        hint="Your last frequency is 1/10000 itself. The exponent 2i / d_model ends one step before 1.",
        changes=[
            (
                "torch.exp(\n            -math.log(10000.0) * torch.arange(0, d_model, 2) / d_model)",
                "torch.logspace(0, -4, d_model // 2)",
            ),
        ],
    ),
    Mistake(
        name="frequencies_evenly_spaced",
        exercise="positions",
        hint="Your frequencies fall by the same difference from column to column. They fall by the same factor.",
        changes=[
            (
                "torch.exp(\n            -math.log(10000.0) * torch.arange(0, d_model, 2) / d_model)",
                "torch.linspace(1, 1e-4, d_model // 2)",
            ),
        ],
    ),
    Mistake(
        name="logarithm_of_base_ten",
        exercise="positions",
        hint="You take the logarithm of base ten, but the exponential of base e. They must have the same base.",
        changes=[("math.log(10000.0)", "math.log10(10000.0)")],
    ),
    Mistake(
        name="exponent_divided_whole",
        exercise="positions",
        hint="You divide whole (`//`) in the exponent, which is 0 for every column then.",
        changes=[("* torch.arange(0, d_model, 2) / d_model", "* (torch.arange(0, d_model, 2) // d_model)")],
    ),
    Mistake(
        name="exponent_for_four_dimensions",
        exercise="positions",
        hint="Your exponent is right for vectors of four numbers only. It divides by d_model, whatever that is.",
        changes=[("* torch.arange(0, d_model, 2) / d_model", "* torch.arange(d_model // 2) / 2")],
    ),
    Mistake(
        name="exponent_not_divided",
        exercise="positions",
        hint="Your exponent is 2i. Divide it by d_model.",
        changes=[("* torch.arange(0, d_model, 2) / d_model", "* torch.arange(0, d_model, 2)")],
    ),
    Mistake(
        name="rows_from_the_second",
        exercise="positions",
        hint="You take the rows from number 1 on, so that for notes as long as the table one is missing. Begin at "
        "row 0.",
        changes=[("self.pe[:, : x.shape[1]]", "self.pe[:, 1 : x.shape[1] + 1]")],
    ),
    Mistake(
        name="last_position_for_all",
        exercise="positions",
        costly="No word has the position of its place, and each note has others, as long as it is.",
        hint="You add the position of the last word to all words. Each word gets its own.",
        changes=[("self.pe[:, : x.shape[1]]", "self.pe[:, x.shape[1] - 1 : x.shape[1]]")],
    ),
    Mistake(
        name="last_pair_left_out",
        exercise="positions",
        hint="Your last two columns stay zero: the loop, or the slice, stops before the last pair.",
        changes=[
            ("pe[:, 0::2] = torch.sin(position * frequency)", "pe[:, 0:-2:2] = torch.sin(position * frequency[:-1])"),
            ("pe[:, 1::2] = torch.cos(position * frequency)", "pe[:, 1:-2:2] = torch.cos(position * frequency[:-1])"),
        ],
    ),
    Mistake(
        name="cosines_forgotten",
        exercise="positions",
        hint="Your odd columns stay zero. They hold the cosines.",
        changes=[("        pe[:, 1::2] = torch.cos(position * frequency)\n", "")],
    ),
    Mistake(
        name="cosines_over_sines",
        exercise="positions",
        hint="You write the cosines over the sines, into the even columns. They belong into the odd ones.",
        changes=[("pe[:, 1::2]", "pe[:, 0::2]")],
    ),
    Mistake(
        name="table_returned",
        exercise="positions",
        costly="What comes out is of one note, and so nearly every check stops at its shape.",
        hint="You return rows of the table alone. Add them to the words' vectors.",
        changes=[("return x + self.pe[:, : x.shape[1]]", "return self.pe[:, : x.shape[1]]")],
    ),
    Mistake(
        name="exponent_by_root",
        exercise="positions",
        hint="You divide the exponent by the root of d_model. It is 2i / d_model.",
        changes=[
            ("torch.arange(0, d_model, 2) / d_model)", "torch.arange(d_model // 2) / math.sqrt(d_model))"),
        ],
    ),
]

ATTENTION = [
    Mistake(
        name="built_in_attention",
        exercise="attention",
        costly="The whole exercise is to write just that.",
        hint="You use torch's own attention, which is what you are asked to write.",
        changes=[
            (
                "scores = queries @ keys.transpose(-2, -1) * self.scale",
                "scores = queries @ keys.transpose(-2, -1) * self.scale\n"
                "        nn.functional.scaled_dot_product_attention(queries, keys, values)",
            ),
        ],
    ),
    Mistake(
        name="scale_forgotten",
        exercise="attention",
        hint="You do not scale the scores. Multiply them by `self.scale`.",
        changes=[(" * self.scale", "")],
    ),
    Mistake(
        name="scaled_by_d_model",
        exercise="attention",
        hint="You scale by one over sqrt(d_model). A head's vectors have d_k numbers: that is what counts.",
        changes=[(" * self.scale", " / math.sqrt(self.d_model)")],
    ),
    Mistake(
        name="scaled_by_d_k",
        exercise="attention",
        hint="You divide by d_k instead of its square root.",
        changes=[(" * self.scale", " / self.d_k")],
    ),
    Mistake(
        name="scale_not_from_self",
        exercise="attention",
        hint="You scale rightly, but by a number of your own: use `self.scale`, which section 5 changes.",
        changes=[(" * self.scale", " / math.sqrt(self.d_k)")],
    ),
    Mistake(
        name="divided_by_scale",
        exercise="attention",
        hint="You divide by `self.scale`, which is one over sqrt(d_k) already. Multiply by it.",
        changes=[(" * self.scale", " / self.scale")],
    ),
    Mistake(
        name="scaled_after_softmax",
        exercise="attention",
        hint="You scale the weights after the softmax, where they no longer sum to one. Scale the scores before it.",
        changes=[
            (" * self.scale", ""),
            ("torch.softmax(scores, dim=-1)", "torch.softmax(scores, dim=-1) * self.scale"),
        ],
    ),
    Mistake(
        name="softmax_over_queries",
        exercise="attention",
        hint="Your softmax runs over the words that look (dim=-2). Each word shares its attention out over the "
        "words that it looks at (dim=-1).",
        changes=[("torch.softmax(scores, dim=-1)", "torch.softmax(scores, dim=-2)")],
    ),
    Mistake(
        name="softmax_over_heads",
        exercise="attention",
        hint="Your softmax runs over the heads (dim=1). Each head has a softmax of its own, over the words (dim=-1).",
        changes=[("torch.softmax(scores, dim=-1)", "torch.softmax(scores, dim=1)")],
    ),
    Mistake(
        name="softmax_forgotten",
        exercise="attention",
        hint="Your weights are the bare scores. The softmax makes weights of them.",
        changes=[("torch.softmax(scores, dim=-1)", "scores")],
        costly="The number that hides a score is a weight itself, so whatever has a mask is of its size.",
    ),
    Mistake(
        name="queries_and_keys_swapped",
        exercise="attention",
        hint="Your scores are keys times queries: rows and columns are exchanged, so that a word's row tells who "
        "looks at it.",
        changes=[("queries @ keys.transpose(-2, -1)", "keys @ queries.transpose(-2, -1)")],
    ),
    Mistake(
        name="queries_as_keys",
        exercise="attention",
        hint="You use the queries as keys as well; `W_k` has no say.",
        changes=[("queries @ keys.transpose(-2, -1)", "queries @ queries.transpose(-2, -1)")],
    ),
    Mistake(
        name="keys_as_values",
        exercise="attention",
        hint="You weigh the keys instead of the values; `W_v` has no say.",
        changes=[("(attn_weights @ values)", "(attn_weights @ keys)")],
    ),
    Mistake(
        name="heads_viewed_straight",
        exercise="attention",
        hint="You `view` straight to (batch, heads, words, d_k). That mixes up words and heads: cut the last axis "
        "first, then swap.",
        changes=[
            (
                "layer(x).view(batch, length, self.num_heads, self.d_k)\n            .transpose(1, 2)",
                "layer(x).view(batch, self.num_heads, length, self.d_k)",
            ),
        ],
    ),
    Mistake(
        name="heads_joined_unswapped",
        exercise="attention",
        hint="You join the heads without swapping heads and words back, which mixes up both.",
        changes=[("(attn_weights @ values).transpose(1, 2).reshape", "(attn_weights @ values).reshape")],
    ),
    Mistake(
        name="head_axis_cut_the_other_way",
        exercise="attention",
        hint="You cut the last axis into d_k pieces of num_heads numbers, so that each head gets every so-many-th "
        "number. Heads are pieces of d_k neighbors.",
        changes=[
            (
                "view(batch, length, self.num_heads, self.d_k)\n            .transpose(1, 2)",
                "view(batch, length, self.d_k, self.num_heads).permute(0, 3, 1, 2)",
            ),
        ],
    ),
    Mistake(
        name="output_layer_forgotten",
        exercise="attention",
        hint="The heads' contexts do not pass `W_o`.",
        changes=[("out = self.W_o(context)", "out = context")],
    ),
    Mistake(
        name="layers_without_bias",
        exercise="attention",
        hint="Your layers have no bias. They are plain `nn.Linear(d_model, d_model)`.",
        changes=[
            (f"self.W_{name} = nn.Linear(d_model, d_model)", f"self.W_{name} = nn.Linear(d_model, d_model, bias=False)")
            for name in "qkvo"
        ],
    ),
    Mistake(
        name="layers_of_one_head",
        exercise="attention",
        hint="`W_q`, `W_k` and `W_v` give the numbers of a single head. Each gives those of all heads, d_model "
        "numbers.",
        changes=[
            *(
                (f"self.W_{name} = nn.Linear(d_model, d_model)", f"self.W_{name} = nn.Linear(d_model, self.d_k)")
                for name in "qkv"
            ),
            (
                "layer(x).view(batch, length, self.num_heads, self.d_k)\n            .transpose(1, 2)",
                "layer(x).unsqueeze(1).expand(-1, self.num_heads, -1, -1)",
            ),
        ],
    ),
    Mistake(
        name="mask_ignored",
        exercise="attention",
        hint="You do not use the mask, so that padding gets attention.",
        changes=[("if mask is not None:", "if False:")],
    ),
    Mistake(
        name="mask_turned_round",
        exercise="attention",
        hint="You hide the words and keep the padding: the mask is True at words.",
        changes=[("mask == 0", "mask != 0")],
    ),
    Mistake(
        name="masked_with_zero",
        exercise="attention",
        hint="You set masked scores to 0. The softmax makes e^0 = 1 of that, not nothing: take a very low number.",
        changes=[("torch.finfo(scores.dtype).min", "0.0")],
    ),
    Mistake(
        name="masked_with_a_hundred",
        exercise="attention",
        hint="You set masked scores to -100, which is not low enough: where scores are large, those of words "
        "go below it. Take the lowest number there is.",
        changes=[
            (
                "torch.finfo(scores.dtype).min",
                "-100.0",
            ),
        ],
    ),
    Mistake(
        name="single_note_squeezed",
        exercise="attention",
        hint="You squeeze what the heads make. With a single note or a single word, that drops an axis that "
        "has to stay.",
        changes=[
            (
                "out = self.W_o(context)",
                "out = self.W_o(context).squeeze()",
            ),
        ],
    ),
    Mistake(
        name="masked_with_ten",
        exercise="attention",
        hint="You set masked scores to -10, which is not low enough: e^-10 of attention is left, and large scores go "
        "below it. Take the lowest number there is.",
        changes=[("torch.finfo(scores.dtype).min", "-10.0")],
    ),
    Mistake(
        name="masked_after_softmax",
        exercise="attention",
        hint="You set weights to zero after the softmax, so that what is left no longer sums to one. Mask the scores.",
        changes=[
            ("scores = scores.masked_fill(\n                mask == 0, torch.finfo(scores.dtype).min)", "pass"),
            (
                "attn_weights = self.dropout(torch.softmax(scores, dim=-1))",
                "attn_weights = torch.softmax(scores, dim=-1)\n"
                "        if mask is not None:\n"
                "            attn_weights = attn_weights * mask\n"
                "        attn_weights = self.dropout(attn_weights)",
            ),
        ],
    ),
    Mistake(
        name="masked_with_infinity",
        exercise="attention",
        hint="You mask with minus infinity. For a note that is all padding the softmax then divides 0 by 0: take "
        "`torch.finfo(scores.dtype).min`.",
        changes=[("torch.finfo(scores.dtype).min", 'float("-inf")')],
    ),
    Mistake(
        name="mask_on_looking_words",
        exercise="attention",
        hint="Your mask hides the rows, the words that look, instead of the columns, the words that are looked at.",
        changes=[("mask == 0", "mask.transpose(-2, -1) == 0")],
    ),
    Mistake(
        name="dropout_on_the_output",
        exercise="attention",
        hint="Your dropout acts on what comes out, number by number, instead of on the attention weights.",
        changes=[
            ("self.dropout(torch.softmax(scores, dim=-1))", "torch.softmax(scores, dim=-1)"),
            ("out = self.W_o(context)", "out = self.dropout(self.W_o(context))"),
        ],
    ),
    Mistake(
        name="dropout_of_one_half",
        exercise="attention",
        hint="Your dropout takes half of the weights, whatever `dropout` says: make it `nn.Dropout(dropout)`.",
        changes=[("nn.Dropout(dropout)", "nn.Dropout()")],
    ),
    Mistake(
        name="dropout_at_work_in_evaluation",
        exercise="attention",
        hint="Your attention weights drop out in evaluation mode, too. `nn.functional.dropout` wants to be told "
        "`training=self.training`; `self.dropout` knows the mode.",
        changes=[
            (
                "self.dropout(torch.softmax(scores, dim=-1))",
                "nn.functional.dropout(torch.softmax(scores, dim=-1), self.dropout.p)",
            ),
        ],
    ),
    Mistake(
        name="values_drop_out",
        exercise="attention",
        hint="Your dropout acts on the values, number by number, instead of on the attention weights.",
        changes=[
            ("self.dropout(torch.softmax(scores, dim=-1))", "torch.softmax(scores, dim=-1)"),
            ("(attn_weights @ values)", "(attn_weights @ self.dropout(values))"),
        ],
    ),
    Mistake(
        name="whole_heads_drop_out",
        exercise="attention",
        hint="Your dropout takes all weights of a head at once (`nn.Dropout2d`). Each weight drops on its own: "
        "`nn.Dropout`.",
        changes=[("nn.Dropout(dropout)", "nn.Dropout2d(dropout)")],
    ),
    Mistake(
        name="weights_shared_out_after_dropout",
        exercise="attention",
        hint="You divide the weights by their sum after the dropout, and so give to others what has dropped out. The "
        "softmax comes first, and the dropout last.",
        changes=[
            (
                "attn_weights = self.dropout(torch.softmax(scores, dim=-1))",
                "attn_weights = self.dropout(torch.softmax(scores, dim=-1))\n"
                "        attn_weights = attn_weights / attn_weights.sum(dim=-1, keepdim=True)",
            ),
        ],
    ),
    Mistake(
        name="attention_without_dropout",
        exercise="attention",
        hint="Your attention weights pass no dropout.",
        changes=[("self.dropout(torch.softmax(scores, dim=-1))", "torch.softmax(scores, dim=-1)")],
    ),
    Mistake(
        name="attention_left_on_the_cpu",
        exercise="attention",
        hint="You make a tensor without telling its device, so that it lies on the CPU while the words are on the GPU.",
        changes=[
            (
                "scores = scores.masked_fill(\n                mask == 0, torch.finfo(scores.dtype).min)",
                "scores = torch.where(mask == 0, torch.full(scores.shape, -1e9), scores)",
            ),
        ],
    ),
    Mistake(
        name="heads_averaged",
        exercise="attention",
        hint="You return the mean of the heads' weights. Return each head's own.",
        changes=[("return out, attn_weights", "return out, attn_weights.mean(dim=1)")],
    ),
    Mistake(
        name="masks_of_booleans_only",
        exercise="attention",
        hint="Your mask must be boolean. It may also hold zeros and ones: `mask == 0` is right for either.",
        changes=[("mask == 0", "~mask")],
    ),
    Mistake(
        name="dropout_of_one_tenth",
        exercise="attention",
        hint="Your dropout takes a tenth of the weights, whatever `dropout` says: make it `nn.Dropout(dropout)`.",
        changes=[("nn.Dropout(dropout)", "nn.Dropout(0.1)")],
    ),
    Mistake(
        name="dropout_on_the_scores",
        exercise="attention",
        hint="Your dropout acts on the scores, where zero is a score like others. Put it after the softmax.",
        changes=[("self.dropout(torch.softmax(scores, dim=-1))", "torch.softmax(self.dropout(scores), dim=-1)")],
    ),
    Mistake(
        name="heads_averaged_into_one",
        exercise="attention",
        hint="You return the mean of the heads' weights, as if there were one head. Return each head's own.",
        changes=[("return out, attn_weights", "return out, attn_weights.mean(dim=1, keepdim=True)")],
    ),
    Mistake(
        name="keys_as_queries",
        exercise="attention",
        hint="You use the keys as queries as well; `W_q` has no say.",
        changes=[("for layer in (self.W_q, self.W_k", "for layer in (self.W_k, self.W_k")],
    ),
    Mistake(
        name="values_as_keys",
        exercise="attention",
        hint="You use the values as keys as well; `W_k` has no say.",
        changes=[("for layer in (self.W_q, self.W_k, ", "for layer in (self.W_q, self.W_v, ")],
    ),
    Mistake(
        name="multiplied_by_d_model",
        exercise="attention",
        hint="You multiply the scores by d_model, so that the softmax picks single words. `self.scale` makes them "
        "smaller.",
        changes=[(" * self.scale", " * self.d_model")],
    ),
    Mistake(
        name="divided_by_root_of_heads",
        exercise="attention",
        hint="You scale by the number of heads. What counts is how many numbers a head has: `self.scale` knows.",
        changes=[(" * self.scale", " / math.sqrt(self.num_heads)")],
    ),
    Mistake(
        name="logarithm_of_weights",
        exercise="attention",
        hint="`log_softmax` gives the logarithm of the weights. Weights that sum to one come from `softmax`.",
        changes=[("torch.softmax(scores, dim=-1)", "torch.log_softmax(scores, dim=-1)")],
        costly="What is hidden gets a weight of minus infinity, so whatever has a mask is not finite.",
    ),
    Mistake(
        name="softmax_over_notes",
        exercise="attention",
        hint="Your softmax runs over the notes (dim=0), so that they compete for attention. Each word shares its "
        "attention out over the words that it looks at (dim=-1).",
        changes=[("torch.softmax(scores, dim=-1)", "torch.softmax(scores, dim=0)")],
    ),
    Mistake(
        name="notes_and_words_exchanged_at_the_join",
        exercise="attention",
        hint="You join the heads to (length, batch, d_model). The notes come first: (batch, length, d_model).",
        changes=[("reshape(\n            batch, length, self.d_model)", "reshape(length, batch, self.d_model)")],
    ),
    Mistake(
        name="values_not_weighed",
        exercise="attention",
        hint="You hand on the values as they are. Weigh them with the attention: `attn_weights @ values`.",
        changes=[("(attn_weights @ values)", "values")],
    ),
    Mistake(
        name="d_k_heads",
        exercise="attention",
        hint="You cut into d_k heads of num_heads numbers. There are num_heads heads, of d_k numbers each.",
        changes=[
            ("view(batch, length, self.num_heads, self.d_k)", "view(batch, length, self.d_k, self.num_heads)"),
        ],
    ),
    Mistake(
        name="values_not_projected",
        exercise="attention",
        hint="You weigh the words themselves. The values come out of `W_v`.",
        changes=[
            (
                "(attn_weights @ values)",
                "(attn_weights @ x.view(batch, length, self.num_heads, self.d_k).transpose(1, 2))",
            ),
        ],
    ),
    Mistake(
        name="words_not_projected",
        exercise="attention",
        hint="Queries, keys and values are all the words themselves. They come out of `W_q`, `W_k` and `W_v`.",
        changes=[("layer(x).view", "x.view")],
    ),
    Mistake(
        name="numbers_and_heads_exchanged_at_the_join",
        exercise="attention",
        hint="You swap heads with numbers (axes 1 and 3) before the join. Swap heads with words, axes 1 and 2.",
        changes=[("(attn_weights @ values).transpose(1, 2)", "(attn_weights @ values).transpose(1, 3)")],
    ),
    Mistake(
        name="weights_detached",
        exercise="attention",
        hint="You cut the attention off from its gradient before it weighs the values, so that `W_q` and `W_k` never "
        "learn.",
        changes=[("(attn_weights @ values)", "(attn_weights.detach() @ values)")],
    ),
    Mistake(
        name="values_detached",
        exercise="attention",
        hint="You cut the values off from their gradient, so that `W_v` never learns.",
        changes=[("(attn_weights @ values)", "(attn_weights @ values.detach())")],
    ),
    Mistake(
        name="tanh_of_scores",
        exercise="attention",
        hint="You put a tanh around the scores. The softmax takes them as they are.",
        changes=[
            (
                "keys.transpose(-2, -1) * self.scale",
                "keys.transpose(-2, -1) * self.scale\n        scores = torch.tanh(scores)",
            )
        ],
    ),
    Mistake(
        name="relu_of_queries_keys_values",
        exercise="attention",
        hint="You put a ReLU on queries, keys and values. They are what their layers give, as it is.",
        changes=[("layer(x).view", "torch.relu(layer(x)).view")],
    ),
    Mistake(
        name="shortcut_inside",
        exercise="attention",
        hint="You add the words to what comes out. The shortcut is the block's work.",
        changes=[("out = self.W_o(context)", "out = self.W_o(context) + x")],
    ),
    Mistake(
        name="relu_of_output",
        exercise="attention",
        hint="You put a ReLU around what comes out. `W_o` is the end.",
        changes=[("out = self.W_o(context)", "out = torch.relu(self.W_o(context))")],
    ),
    Mistake(
        name="scaled_by_number_of_words",
        exercise="attention",
        hint="You scale by the number of words. What counts is how many numbers a head has: `self.scale` knows.",
        changes=[(" * self.scale", " / math.sqrt(length)")],
    ),
    Mistake(
        name="always_causal",
        exercise="attention",
        hint="Your words never look at later words. They look at all that the mask leaves.",
        changes=[
            (
                "        if mask is not None:",
                "        later = torch.ones(length, length, device=x.device).triu(1) > 0\n"
                "        scores = scores.masked_fill(later, -1e9)\n"
                "        if mask is not None:",
            )
        ],
    ),
    Mistake(
        name="mask_added",
        exercise="attention",
        hint=(
            "You add the mask to the scores, which changes them by one. Where it is False, the score must be very low."
        ),
        changes=[
            (
                "scores = scores.masked_fill(\n                mask == 0, torch.finfo(scores.dtype).min)",
                "scores = scores + mask",
            ),
        ],
    ),
    Mistake(
        name="scores_returned",
        exercise="attention",
        hint="You return the scores. The weights that the softmax makes of them are asked for.",
        changes=[("return out, attn_weights", "return out, scores")],
    ),
    Mistake(
        name="contexts_detached",
        exercise="attention",
        hint="You cut the heads' contexts off from their gradient: `W_o` learns, and nothing before it.",
        changes=[("out = self.W_o(context)", "out = self.W_o(context.detach())")],
    ),
    Mistake(
        name="dropout_on_values",
        exercise="attention",
        hint="You drop out the values as well. The dropout is for the attention weights.",
        changes=[("(attn_weights @ values)", "(attn_weights @ self.dropout(values))")],
    ),
    Mistake(
        name="dropout_twice",
        exercise="attention",
        hint="You have a dropout at the end as well. The one on the attention weights is enough.",
        changes=[("out = self.W_o(context)", "out = self.dropout(self.W_o(context))")],
    ),
    Mistake(
        name="sigmoid_for_softmax",
        exercise="attention",
        hint=("A sigmoid weighs each word for itself. Attention is shared out: a softmax over the words sums to one."),
        changes=[("torch.softmax(scores, dim=-1)", "torch.sigmoid(scores)")],
    ),
    Mistake(
        name="mask_of_one_shape",
        exercise="attention",
        hint="Your mask must be (batch, 1, 1, length). It may have any shape that broadcasts to that of the scores: "
        "leave it as it comes.",
        changes=[("mask == 0", "mask.reshape(batch, 1, 1, length) == 0")],
    ),
    Mistake(
        name="mask_for_all_notes",
        exercise="attention",
        hint="You mask all notes as the first one. Each note has a mask of its own.",
        changes=[("mask == 0", "mask[:1] == 0")],
    ),
    Mistake(
        name="numbers_of_heads_in_turn",
        exercise="attention",
        hint="You join the heads number by number: first the first number of each head, then the second ones. Each "
        "head's d_k numbers stay together.",
        changes=[("(attn_weights @ values).transpose(1, 2)", "(attn_weights @ values).permute(0, 2, 3, 1)")],
    ),
    Mistake(
        name="mask_of_first_row",
        exercise="attention",
        hint="You use the first row of the mask for all looking words. It may have a row for each.",
        changes=[("mask == 0", "mask[:, :1, :1] == 0")],
    ),
    Mistake(
        name="mask_for_first_head_only",
        exercise="attention",
        hint="You mask the first head only. The mask is for all of them.",
        changes=[
            (
                "scores = scores.masked_fill(\n                mask == 0, torch.finfo(scores.dtype).min)",
                "scores[:, :1] = scores[:, :1].masked_fill(mask == 0, torch.finfo(scores.dtype).min)",
            ),
        ],
    ),
    Mistake(
        name="output_layer_without_bias",
        exercise="attention",
        hint="Your `W_o` has no bias. It is a plain `nn.Linear(d_model, d_model)`, as the others.",
        changes=[("self.W_o = nn.Linear(d_model, d_model)", "self.W_o = nn.Linear(d_model, d_model, bias=False)")],
    ),
    Mistake(
        name="queries_keys_values_without_bias",
        exercise="attention",
        hint="Your `W_q`, `W_k` and `W_v` have no bias. They are plain `nn.Linear(d_model, d_model)`.",
        changes=[
            ("self.W_q = nn.Linear(d_model, d_model)", "self.W_q = nn.Linear(d_model, d_model, bias=False)"),
            ("self.W_k = nn.Linear(d_model, d_model)", "self.W_k = nn.Linear(d_model, d_model, bias=False)"),
            ("self.W_v = nn.Linear(d_model, d_model)", "self.W_v = nn.Linear(d_model, d_model, bias=False)"),
        ],
    ),
    Mistake(
        name="mean_of_heads_for_each",
        exercise="attention",
        hint="You return the mean of the heads' weights for every head. Return each head's own.",
        changes=[
            ("return out, attn_weights", "return out, attn_weights.mean(dim=1, keepdim=True).expand_as(attn_weights)"),
        ],
    ),
    Mistake(
        name="softmax_over_everything",
        exercise="attention",
        hint="Your softmax runs over all numbers of the batch at once. Each word of each head has one of its own, "
        "over the words that it looks at (dim=-1).",
        changes=[("torch.softmax(scores, dim=-1)", "torch.softmax(scores.flatten(), dim=0).view_as(scores)")],
    ),
    Mistake(
        name="softmax_over_both_axes",
        exercise="attention",
        hint="Your softmax runs over looking words and words looked at together. Each looking word has one of its "
        "own (dim=-1).",
        changes=[("torch.softmax(scores, dim=-1)", "torch.softmax(scores.flatten(2), dim=-1).view_as(scores)")],
    ),
    Mistake(
        name="dropout_share_turned_round",
        exercise="attention",
        hint="Your dropout takes 1 - dropout: `nn.Dropout` is told the share that is dropped, not the share that is "
        "kept.",
        changes=[("nn.Dropout(dropout)", "nn.Dropout(1 - dropout)")],
    ),
    Mistake(
        name="mask_turned_round_in_place",
        exercise="attention",
        hint="You turn the caller's mask round in place (functions that end in `_` do). Make a new one.",
        changes=[("mask == 0", "mask.logical_not_()")],
    ),
    Mistake(
        name="hidden_by_minus_thirty",
        exercise="attention",
        hint=(
            "You only lower the scores of the padding, by 30. A large score still wins: set them to the lowest "
            "number there is."
        ),
        changes=[
            (
                "scores = scores.masked_fill(\n                mask == 0, torch.finfo(scores.dtype).min)",
                "scores = scores - 30.0 * (mask == 0)",
            ),
        ],
    ),
    Mistake(
        name="padded_rows_set_to_zero",
        exercise="attention",
        hint=(
            "You set the rows of the padded words to zero as well. What they look at does not matter; each row sums "
            "to one."
        ),
        changes=[
            (
                "        context = (attn_weights",
                "        if mask is not None and mask.shape[-2] == 1:\n"
                "            attn_weights = attn_weights * (mask.transpose(-2, -1) != 0)\n"
                "        context = (attn_weights",
            ),
        ],
    ),
    Mistake(
        name="mask_of_an_earlier_call",
        exercise="attention",
        hint="You keep the mask of an earlier call, and use it where none is given. A mask is of its own call alone.",
        changes=[
            (
                "        if mask is not None:\n",
                "        mask = getattr(self, \"kept_mask\", None) if mask is None else mask\n"
                "        self.kept_mask = mask\n"
                "        if mask is not None:\n"
                "",
            ),
        ],
    ),
]

BLOCK = [
    Mistake(
        name="built_in_block",
        exercise="block",
        costly="The whole exercise is to write just that.",
        hint="You use torch's own block, which is what you are asked to write.",
        changes=[
            (
                "self.dropout2 = nn.Dropout(dropout)",
                "self.dropout2 = nn.Dropout(dropout)\n"
                "        built_in = nn.TransformerEncoderLayer(d_model, num_heads, d_ff, dropout)",
            ),
        ],
    ),
    Mistake(
        name="block_squeezed",
        exercise="block",
        hint="You squeeze what comes out of the block. With a single note or a single word, that drops an "
        "axis that has to stay.",
        changes=[
            (
                "x = self.norm2(x + self.dropout2(self.ffn(x)))",
                "x = self.norm2(x + self.dropout2(self.ffn(x))).squeeze()",
            ),
        ],
    ),
    Mistake(
        name="first_shortcut_forgotten",
        exercise="block",
        hint="You forget the shortcut around the attention: add what went in.",
        changes=[("self.norm1(x + self.dropout1(attended))", "self.norm1(self.dropout1(attended))")],
    ),
    Mistake(
        name="second_shortcut_forgotten",
        exercise="block",
        hint="You forget the shortcut around `ffn`: add what went in.",
        changes=[("self.norm2(x + self.dropout2(self.ffn(x)))", "self.norm2(self.dropout2(self.ffn(x)))")],
    ),
    Mistake(
        name="norm_before_the_shortcut",
        exercise="block",
        hint="You norm what a step gives and then add the shortcut. The sum is what is to be normed.",
        changes=[
            ("self.norm1(x + self.dropout1(attended))", "x + self.norm1(self.dropout1(attended))"),
            ("self.norm2(x + self.dropout2(self.ffn(x)))", "x + self.norm2(self.dropout2(self.ffn(x)))"),
        ],
    ),
    Mistake(
        name="norm_first",
        exercise="block",
        hint="You norm before attention and network (pre-norm). That is a good block, too, but another one than the "
        "text's.",
        changes=[
            ("self.attention(x, mask)", "self.attention(self.norm1(x), mask)"),
            ("self.norm1(x + self.dropout1(attended))", "x + self.dropout1(attended)"),
            ("self.norm2(x + self.dropout2(self.ffn(x)))", "x + self.dropout2(self.ffn(self.norm2(x)))"),
        ],
    ),
    Mistake(
        name="one_norm_twice",
        exercise="block",
        hint="You use `norm1` in both places. Each has weights of its own.",
        changes=[("self.norm2(x + ", "self.norm1(x + ")],
    ),
    Mistake(
        name="second_step_from_the_start",
        exercise="block",
        hint="Your second shortcut starts from the x that went into the block, not from what the first step made of "
        "it.",
        changes=[
            ("x = self.norm1(x + self.dropout1(attended))", "first = self.norm1(x + self.dropout1(attended))"),
            ("self.norm2(x + self.dropout2(self.ffn(x)))", "self.norm2(x + self.dropout2(self.ffn(first)))"),
        ],
    ),
    Mistake(
        name="mask_not_passed_on",
        exercise="block",
        hint="You call the attention without the mask.",
        changes=[("self.attention(x, mask)", "self.attention(x)")],
    ),
    Mistake(
        name="relu_forgotten",
        exercise="block",
        hint="Your `ffn` has no ReLU, and two linear layers without one between them are one.",
        changes=[("nn.ReLU()", "nn.Identity()")],
    ),
    Mistake(
        name="gelu_for_relu",
        exercise="block",
        hint="Your `ffn` has a GELU. The text asks for a ReLU.",
        changes=[("nn.ReLU()", "nn.GELU()")],
    ),
    Mistake(
        name="relu_after_the_network",
        exercise="block",
        hint="You have a ReLU after the second linear layer, too, so that `ffn` can only add.",
        changes=[("nn.Linear(d_ff, d_model)\n", "nn.Linear(d_ff, d_model), nn.ReLU()\n")],
    ),
    Mistake(
        name="hidden_size_ignored",
        exercise="block",
        hint="The hidden layer of your `ffn` has 4 * d_model units, whatever d_ff says.",
        changes=[
            ("nn.Linear(d_model, d_ff)", "nn.Linear(d_model, 4 * d_model)"),
            ("nn.Linear(d_ff, d_model)", "nn.Linear(4 * d_model, d_model)"),
        ],
    ),
    Mistake(
        name="dropout_of_the_attention_forgotten",
        exercise="block",
        hint="You make the attention without the block's dropout, so that it has the default of 0.1.",
        changes=[("MultiHeadSelfAttention(d_model, num_heads, dropout)", "MultiHeadSelfAttention(d_model, num_heads)")],
    ),
    Mistake(
        name="first_dropout_forgotten",
        exercise="block",
        hint="What the attention gives passes no dropout before it is added.",
        changes=[("self.dropout1(attended)", "attended")],
    ),
    Mistake(
        name="second_dropout_forgotten",
        exercise="block",
        hint="What `ffn` gives passes no dropout before it is added.",
        changes=[("self.dropout2(self.ffn(x))", "self.ffn(x)")],
    ),
    Mistake(
        name="inner_dropout_forgotten",
        exercise="block",
        hint="There is no dropout inside your `ffn`, after the ReLU.",
        changes=[("nn.ReLU(), nn.Dropout(dropout),", "nn.ReLU(), nn.Identity(), ")],
    ),
    Mistake(
        name="dropout_at_the_end_of_the_network",
        exercise="block",
        hint="Your `ffn` has a dropout after its second linear layer, too; `dropout2` does that already.",
        changes=[("nn.Linear(d_ff, d_model)\n", "nn.Linear(d_ff, d_model), nn.Dropout(dropout)\n")],
    ),
    Mistake(
        name="dropout_around_the_sum",
        exercise="block",
        hint="Your dropout acts on the sum, the shortcut included. Apply it to what is added.",
        changes=[("self.norm1(x + self.dropout1(attended))", "self.norm1(self.dropout1(x + attended))")],
    ),
    Mistake(
        name="weights_left_out",
        exercise="block",
        hint="Your block returns x alone. Return the attention's weights beside it.",
        changes=[("return x, attn_weights", "return x")],
    ),
    Mistake(
        name="network_of_the_start",
        exercise="block",
        hint="Your `ffn` gets the x that went into the block, not what the first step made of it.",
        changes=[
            ("x = self.norm1(x + self.dropout1(attended))", "first = self.norm1(x + self.dropout1(attended))"),
            ("self.norm2(x + self.dropout2(self.ffn(x)))", "self.norm2(first + self.dropout2(self.ffn(x)))"),
        ],
    ),
    Mistake(
        name="words_of_the_block_changed_in_place",
        exercise="block",
        hint="You add to the caller's x in place (`x += ...`). Make a new x: `x = x + ...`.",
        changes=[
            ("x = self.norm1(x + self.dropout1(attended))", "x += self.dropout1(attended)\n        x = self.norm1(x)")
        ],
    ),
    Mistake(
        name="dropouts_typed_in",
        exercise="block",
        hint="Your `dropout1` and `dropout2` take a tenth, whatever `dropout` says.",
        changes=[
            ("self.dropout1 = nn.Dropout(dropout)", "self.dropout1 = nn.Dropout(0.1)"),
            ("self.dropout2 = nn.Dropout(dropout)", "self.dropout2 = nn.Dropout(0.1)"),
        ],
    ),
    Mistake(
        name="dropout_around_both_sums",
        exercise="block",
        hint="Your dropouts act on the sums, the shortcuts included. Apply them to what is added.",
        changes=[
            ("self.norm1(x + self.dropout1(attended))", "self.norm1(self.dropout1(x + attended))"),
            ("self.norm2(x + self.dropout2(self.ffn(x)))", "self.norm2(self.dropout2(x + self.ffn(x)))"),
        ],
    ),
    Mistake(
        name="second_norm_forgotten",
        exercise="block",
        hint="You do not norm after the second step: `norm2` has no say.",
        changes=[("x = self.norm2(x + self.dropout2(self.ffn(x)))", "x = x + self.dropout2(self.ffn(x))")],
    ),
    Mistake(
        name="first_norm_forgotten",
        exercise="block",
        hint="You do not norm after the first step: `norm1` has no say.",
        changes=[("x = self.norm1(x + self.dropout1(attended))", "x = x + self.dropout1(attended)")],
    ),
    Mistake(
        name="norm_over_all_words",
        exercise="block",
        hint="Your norm runs over all words of a note at once. It is to bring each word's vector to mean 0 by itself.",
        changes=[
            (
                "x = self.norm1(x + self.dropout1(attended))",
                "x = x + self.dropout1(attended)\n"
                "        x = nn.functional.layer_norm(x, x.shape[1:]) * self.norm1.weight + self.norm1.bias",
            )
        ],
    ),
    Mistake(
        name="dropout_after_the_network",
        exercise="block",
        hint="The dropout of your `ffn` stands at its end. It belongs after the ReLU; `dropout2` follows at the end.",
        changes=[
            (
                "nn.ReLU(), nn.Dropout(dropout),\n            nn.Linear(d_ff, d_model)",
                "nn.ReLU(), nn.Linear(d_ff, d_model), nn.Dropout(dropout)",
            )
        ],
    ),
    Mistake(
        name="ffn_detached",
        exercise="block",
        hint="You cut x off from its gradient before `ffn`.",
        changes=[("self.ffn(x)", "self.ffn(x.detach())")],
    ),
    Mistake(
        name="attended_detached",
        exercise="block",
        hint="You cut what the attention gives off from its gradient, so that the attention never learns.",
        changes=[("self.dropout1(attended)", "self.dropout1(attended.detach())")],
    ),
    Mistake(
        name="first_shortcut_detached",
        exercise="block",
        hint=("You cut the first shortcut off from its gradient: errors reach the words through the attention alone."),
        changes=[("self.norm1(x + self", "self.norm1(x.detach() + self")],
    ),
    Mistake(
        name="shortcut_multiplied",
        exercise="block",
        hint="You multiply by what the attention gives. A shortcut adds it.",
        changes=[("x + self.dropout1(attended)", "x * self.dropout1(attended)")],
    ),
    Mistake(
        name="tanh_for_relu",
        exercise="block",
        hint="Your network has a tanh, where a ReLU is asked for.",
        changes=[("nn.ReLU()", "nn.Tanh()")],
    ),
    Mistake(
        name="norms_exchanged",
        exercise="block",
        hint=(
            "You use `norm2` after the attention and `norm1` after the network. They come in the order of their "
            "numbers."
        ),
        changes=[
            ("self.norm1(x +", "self.norm2(x +"),
            ("x = self.norm2(x + self.dropout2", "x = self.norm1(x + self.dropout2"),
        ],
    ),
    Mistake(
        name="attention_twice",
        exercise="block",
        hint="You put the words through the attention a second time, where `ffn` is due.",
        changes=[
            ("self.norm2(x + self.dropout2(self.ffn(x)))", "self.norm2(x + self.dropout2(self.attention(x, mask)[0]))")
        ],
    ),
    Mistake(
        name="weights_of_a_look_without_mask",
        exercise="block",
        hint="The weights that you return are those of a second look without the mask. Return those of the look that "
        "x is made of.",
        changes=[
            (
                "attended, attn_weights = self.attention(x, mask)",
                "attended, _ = self.attention(x, mask)\n        _, attn_weights = self.attention(x)",
            ),
        ],
    ),
    Mistake(
        name="weights_of_a_second_look",
        exercise="block",
        hint="The weights that you return are those of a second look, at what the first step made of x. Return those "
        "of the one look that there is.",
        changes=[
            (
                "x = self.norm1(x + self.dropout1(attended))",
                "x = self.norm1(x + self.dropout1(attended))\n        _, attn_weights = self.attention(x, mask)",
            ),
        ],
    ),
    Mistake(
        name="weights_of_a_look_at_the_end",
        exercise="block",
        hint="The weights that you return are those of a second look, at what comes out of the block. Return those "
        "of the one look that there is.",
        changes=[("return x, attn_weights", "return x, self.attention(x, mask)[1]")],
    ),
    Mistake(
        name="inner_dropout_of_one_half",
        exercise="block",
        hint="The dropout inside your `ffn` takes half, whatever `dropout` says.",
        changes=[("nn.ReLU(), nn.Dropout(dropout),", "nn.ReLU(), nn.Dropout(), ")],
    ),
    Mistake(
        name="inner_dropout_of_one_tenth",
        exercise="block",
        hint="The dropout inside your `ffn` takes a tenth, whatever `dropout` says.",
        changes=[("nn.ReLU(), nn.Dropout(dropout),", "nn.ReLU(), nn.Dropout(0.1), ")],
    ),
    Mistake(
        name="norms_of_one_object",
        exercise="block",
        hint="Your `norm2` is the same object as `norm1`, so that both share their weights. Make a new one.",
        changes=[("self.norm2 = nn.LayerNorm(d_model)", "self.norm2 = self.norm1")],
    ),
    Mistake(
        name="second_dropout_around_the_sum",
        exercise="block",
        hint="Your second dropout acts on the sum, the shortcut included. Apply it to what is added.",
        changes=[("self.norm2(x + self.dropout2(self.ffn(x)))", "self.norm2(self.dropout2(x + self.ffn(x)))")],
    ),
    Mistake(
        name="first_norm_before_the_shortcut",
        exercise="block",
        hint="You norm what the attention gives and then add the shortcut. The sum is what is to be normed.",
        changes=[("self.norm1(x + self.dropout1(attended))", "x + self.norm1(self.dropout1(attended))")],
    ),
    Mistake(
        name="second_norm_before_the_shortcut",
        exercise="block",
        hint="You norm what `ffn` gives and then add the shortcut. The sum is what is to be normed.",
        changes=[("self.norm2(x + self.dropout2(self.ffn(x)))", "x + self.norm2(self.dropout2(self.ffn(x)))")],
    ),
    Mistake(
        name="first_linear_without_bias",
        exercise="block",
        hint="The first linear layer of your `ffn` has no bias. Leave the bias that `nn.Linear` has by itself.",
        changes=[("nn.Linear(d_model, d_ff)", "nn.Linear(d_model, d_ff, bias=False)")],
    ),
    Mistake(
        name="second_linear_without_bias",
        exercise="block",
        hint="The second linear layer of your `ffn` has no bias. Leave the bias that `nn.Linear` has by itself.",
        changes=[("nn.Linear(d_ff, d_model)", "nn.Linear(d_ff, d_model, bias=False)")],
    ),
    Mistake(
        name="network_without_bias",
        exercise="block",
        hint="The linear layers of your `ffn` have no bias. Leave the bias that `nn.Linear` has by itself.",
        changes=[
            ("nn.Linear(d_model, d_ff)", "nn.Linear(d_model, d_ff, bias=False)"),
            ("nn.Linear(d_ff, d_model)", "nn.Linear(d_ff, d_model, bias=False)"),
        ],
    ),
    Mistake(
        name="first_norm_without_weights",
        exercise="block",
        hint="Your `norm1` has neither weight nor bias. A layer norm learns both.",
        changes=[
            ("self.norm1 = nn.LayerNorm(d_model)", "self.norm1 = nn.LayerNorm(d_model, elementwise_affine=False)"),
        ],
    ),
    Mistake(
        name="second_norm_without_weights",
        exercise="block",
        hint="Your `norm2` has neither weight nor bias. A layer norm learns both.",
        changes=[
            ("self.norm2 = nn.LayerNorm(d_model)", "self.norm2 = nn.LayerNorm(d_model, elementwise_affine=False)"),
        ],
    ),
    Mistake(
        name="norms_without_weights",
        exercise="block",
        hint="Your norms have neither weight nor bias. A layer norm learns both.",
        changes=[
            ("self.norm1 = nn.LayerNorm(d_model)", "self.norm1 = nn.LayerNorm(d_model, elementwise_affine=False)"),
            ("self.norm2 = nn.LayerNorm(d_model)", "self.norm2 = nn.LayerNorm(d_model, elementwise_affine=False)"),
        ],
    ),
    Mistake(
        name="first_dropout_of_one_half",
        exercise="block",
        hint="Your `dropout1` takes half, whatever `dropout` says.",
        changes=[("self.dropout1 = nn.Dropout(dropout)", "self.dropout1 = nn.Dropout()")],
    ),
    Mistake(
        name="second_dropout_of_one_half",
        exercise="block",
        hint="Your `dropout2` takes half, whatever `dropout` says.",
        changes=[("self.dropout2 = nn.Dropout(dropout)", "self.dropout2 = nn.Dropout()")],
    ),
    Mistake(
        name="both_dropouts_of_one_half",
        exercise="block",
        hint="Your `dropout1` and `dropout2` take half, whatever `dropout` says.",
        changes=[
            ("self.dropout1 = nn.Dropout(dropout)", "self.dropout1 = nn.Dropout()"),
            ("self.dropout2 = nn.Dropout(dropout)", "self.dropout2 = nn.Dropout()"),
        ],
    ),
    Mistake(
        name="network_before_attention",
        exercise="block",
        hint="Your `ffn` comes first and the attention second. It is the other way round: first the words look at each "
        "other, then each is thought about.",
        changes=[
            (
                "attended, attn_weights = self.attention(x, mask)\n"
                "        x = self.norm1(x + self.dropout1(attended))\n"
                "        x = self.norm2(x + self.dropout2(self.ffn(x)))",
                "x = self.norm1(x + self.dropout1(self.ffn(x)))\n"
                "        attended, attn_weights = self.attention(x, mask)\n"
                "        x = self.norm2(x + self.dropout2(attended))",
            ),
        ],
    ),
    Mistake(
        name="mask_turned_round_before_attention",
        exercise="block",
        hint="You turn the mask round before you hand it on, as torch's own attention wants it. Yours takes it as it "
        "is: True at words.",
        changes=[("self.attention(x, mask)", "self.attention(x, mask if mask is None else mask == 0)")],
    ),
    Mistake(
        name="dropouts_at_work_in_evaluation",
        exercise="block",
        hint="Your block drops out in evaluation mode, too. `nn.functional.dropout` wants to be told "
        "`training=self.training`; `self.dropout1` and `self.dropout2` know the mode.",
        changes=[
            ("self.dropout1(attended)", "nn.functional.dropout(attended, self.dropout1.p)"),
            ("self.dropout2(self.ffn(x))", "nn.functional.dropout(self.ffn(x), self.dropout2.p)"),
        ],
    ),
]

CLASSIFIER = [
    Mistake(
        name="words_not_scaled",
        exercise="classifier",
        hint="You do not multiply the words' vectors by sqrt(d_model).",
        changes=[("self.embedding(x) * math.sqrt(self.d_model)", "self.embedding(x)")],
    ),
    Mistake(
        name="logits_of_single_note_squeezed",
        exercise="classifier",
        hint="You squeeze the logits. With a single note, that drops the axis of the batch.",
        changes=[
            (
                "logits = self.classifier(mean)",
                "logits = self.classifier(mean).squeeze()",
            ),
        ],
    ),
    Mistake(
        name="words_divided",
        exercise="classifier",
        hint="You divide the words' vectors by sqrt(d_model) instead of multiplying.",
        changes=[("self.embedding(x) * math.sqrt(self.d_model)", "self.embedding(x) / math.sqrt(self.d_model)")],
    ),
    Mistake(
        name="scaled_with_positions",
        exercise="classifier",
        hint="You multiply by sqrt(d_model) after the positions are added, and so scale them as well.",
        changes=[
            (
                "self.pos_encoding(self.embedding(x) * math.sqrt(self.d_model))",
                "self.pos_encoding(self.embedding(x)) * math.sqrt(self.d_model)",
            ),
        ],
    ),
    Mistake(
        name="scaled_by_d_model_itself",
        exercise="classifier",
        hint="You multiply by d_model. It should be its square root.",
        changes=[("* math.sqrt(self.d_model)", "* self.d_model")],
    ),
    Mistake(
        name="positions_forgotten",
        exercise="classifier",
        hint="You never add the positions.",
        changes=[
            (
                "self.pos_encoding(self.embedding(x) * math.sqrt(self.d_model))",
                "self.embedding(x) * math.sqrt(self.d_model)",
            ),
        ],
    ),
    Mistake(
        name="max_len_not_passed_on",
        exercise="classifier",
        hint="You make the positions without max_len, so that there are 5000 of them.",
        changes=[("SinusoidalPositionalEncoding(d_model, max_len)", "SinusoidalPositionalEncoding(d_model)")],
    ),
    Mistake(
        name="one_block_again_and_again",
        exercise="classifier",
        hint="Your list holds the same block several times, so that all share their weights. Make a new one for each.",
        changes=[
            (
                "[TransformerBlock(d_model, num_heads, d_ff, dropout)\n             for _ in range(num_layers)]",
                "[TransformerBlock(d_model, num_heads, d_ff, dropout)] * num_layers",
            ),
        ],
    ),
    Mistake(
        name="two_blocks_always",
        exercise="classifier",
        hint="You make two blocks, whatever num_layers says.",
        changes=[("range(num_layers)", "range(2)")],
    ),
    Mistake(
        name="as_many_blocks_as_classes",
        exercise="classifier",
        hint="You make as many blocks as there are diagnoses. There are to be num_layers of them.",
        changes=[("range(num_layers)", "range(num_classes)")],
    ),
    Mistake(
        name="blocks_in_a_plain_list",
        exercise="classifier",
        hint="Your blocks are in a plain Python list, where the module does not see their weights. Use "
        "`nn.ModuleList`.",
        changes=[("nn.ModuleList(", "list(")],
    ),
    Mistake(
        name="blocks_without_dropout",
        exercise="classifier",
        hint="You make the blocks without the dropout, so that they have the default of 0.1.",
        changes=[("TransformerBlock(d_model, num_heads, d_ff, dropout)", "TransformerBlock(d_model, num_heads, d_ff)")],
    ),
    Mistake(
        name="padding_index_forgotten",
        exercise="classifier",
        hint="Your embedding does not know that word 0 is padding, which so has a vector and learns.",
        changes=[(", padding_idx=PAD)", ")")],
    ),
    Mistake(
        name="blocks_not_in_a_row",
        exercise="classifier",
        hint="Every block of yours reads the first vectors. Each should read what the one before it gives.",
        changes=[
            ("        for block in self.blocks:", "        start = words\n        for block in self.blocks:"),
            ("words, attn_weights = block(words, pad_mask)", "words, attn_weights = block(start, pad_mask)"),
        ],
    ),
    Mistake(
        name="blocks_without_mask",
        exercise="classifier",
        hint="You call the blocks without the mask, so that words look at padding.",
        changes=[("block(words, pad_mask)", "block(words)")],
    ),
    Mistake(
        name="mask_true_at_padding",
        exercise="classifier",
        hint="Your mask is True at the padding. It is to be True at the words.",
        changes=[("pad_mask = (x != PAD)", "pad_mask = (x == PAD)")],
    ),
    Mistake(
        name="mean_over_padding",
        exercise="classifier",
        hint="Your mean runs over all places of the note, the padding included.",
        changes=[("(words * is_word).sum(dim=1) / is_word.sum(dim=1).clamp(min=1)", "words.mean(dim=1)")],
    ),
    Mistake(
        name="divided_by_the_length",
        exercise="classifier",
        hint="You add up the words only, but divide by the whole length, the padding included.",
        changes=[("is_word.sum(dim=1).clamp(min=1)", "x.shape[1]")],
    ),
    Mistake(
        name="padding_summed",
        exercise="classifier",
        hint="You divide by the number of words, but the padding's vectors are in your sum: after the blocks they "
        "are not zero.",
        changes=[("(words * is_word).sum(dim=1)", "words.sum(dim=1)")],
    ),
    Mistake(
        name="sum_for_mean",
        exercise="classifier",
        hint="You take the sum over the words. The mean divides by their number.",
        changes=[(" / is_word.sum(dim=1).clamp(min=1)", "")],
    ),
    Mistake(
        name="empty_note_divides_by_zero",
        exercise="classifier",
        hint="For a note without words you divide 0 by 0. Divide by one at least: `.clamp(min=1)`.",
        changes=[(".clamp(min=1)", "")],
    ),
    Mistake(
        name="class_token_for_mean",
        exercise="classifier",
        hint="You take the vector of the first word. Asked for is the mean over the words.",
        changes=[("logits = self.classifier(mean)", "logits = self.classifier(words[:, 0])")],
    ),
    Mistake(
        name="sigmoid_in_the_model",
        exercise="classifier",
        hint="Your model gives probabilities. The loss expects logits, and would apply the sigmoid again.",
        changes=[("logits = self.classifier(mean)", "logits = torch.sigmoid(self.classifier(mean))")],
    ),
    Mistake(
        name="last_attention_only",
        exercise="classifier",
        hint="You return the last block's attention only. Collect that of every block.",
        changes=[("return logits, all_attn", "return logits, all_attn[-1:]")],
    ),
    Mistake(
        name="mean_drops_out",
        exercise="classifier",
        hint="The mean passes a dropout before the classifier. There is one before the first block, and no other.",
        changes=[("self.classifier(mean)", "self.classifier(self.dropout(mean))")],
    ),
    Mistake(
        name="divided_by_two_at_least",
        exercise="classifier",
        hint="You divide by two at least, so that the mean of a note of one word is half of it: `.clamp(min=1)`.",
        changes=[(".clamp(min=1)", ".clamp(min=2)")],
    ),
    Mistake(
        name="words_without_dropout",
        exercise="classifier",
        hint="What goes into the first block passes no dropout.",
        changes=[("words = self.dropout(words)", "pass")],
    ),
    Mistake(
        name="classifier_left_on_the_cpu",
        exercise="classifier",
        hint="You make a tensor without telling its device, so that it lies on the CPU while the words are on the GPU.",
        changes=[
            (
                "mean = (words * is_word)",
                "is_word = is_word * torch.ones(is_word.shape)\n        mean = (words * is_word)",
            ),
        ],
    ),
    Mistake(
        name="notes_changed_in_place",
        exercise="classifier",
        hint="You change the notes that the model is given (functions that end in `_` do). Make a new mask.",
        changes=[("is_word = (x != PAD).unsqueeze(-1)", "is_word = x.ne_(PAD).bool().unsqueeze(-1)")],
    ),
    Mistake(
        name="divided_by_one_more",
        exercise="classifier",
        hint="You divide by the number of words plus one. Divide by their number, and by one only where there is none.",
        changes=[("is_word.sum(dim=1).clamp(min=1)", "(is_word.sum(dim=1) + 1)")],
    ),
    Mistake(
        name="maximum_for_mean",
        exercise="classifier",
        hint="You take the maximum over the words. Asked for is their mean.",
        changes=[
            (
                "mean = (words * is_word).sum(dim=1) / is_word.sum(dim=1).clamp(min=1)",
                "mean = words.masked_fill(~is_word, torch.finfo(words.dtype).min).amax(dim=1)\n"
                "        mean = mean.masked_fill(is_word.sum(dim=1) == 0, 0)",
            )
        ],
    ),
    Mistake(
        name="mask_for_the_first_block_only",
        exercise="classifier",
        hint="Only your first block gets the mask. Pass it to each.",
        changes=[("block(words, pad_mask)", "block(words, None if all_attn else pad_mask)")],
    ),
    Mistake(
        name="scaled_by_a_number_typed_in",
        exercise="classifier",
        hint="You multiply the words' vectors by sqrt(128), whatever d_model is.",
        changes=[("math.sqrt(self.d_model)", "math.sqrt(128)")],
    ),
    Mistake(
        name="words_cut_off",
        exercise="classifier",
        hint="Your words' vectors are cut off from the gradients, so that `embedding` never learns.",
        changes=[("self.embedding(x)", "self.embedding(x).detach()")],
    ),
    Mistake(
        name="dropout_before_positions",
        exercise="classifier",
        hint="Your dropout comes before the positions are added. Apply it to the sum of words and positions.",
        changes=[
            (
                "self.pos_encoding(self.embedding(x) * math.sqrt(self.d_model))",
                "self.pos_encoding(self.dropout(self.embedding(x) * math.sqrt(self.d_model)))",
            ),
            ("words = self.dropout(words)", "pass"),
        ],
    ),
    Mistake(
        name="last_word_for_mean",
        exercise="classifier",
        hint="You take the last place of the note, which may be padding. The mean over the words is asked for.",
        changes=[("(words * is_word).sum(dim=1) / is_word.sum(dim=1).clamp(min=1)", "words[:, -1]")],
    ),
    Mistake(
        name="relu_before_classifier",
        exercise="classifier",
        hint="You put a ReLU on the mean. `classifier` gets it as it is.",
        changes=[("self.classifier(mean)", "self.classifier(torch.relu(mean))")],
    ),
    Mistake(
        name="tanh_before_classifier",
        exercise="classifier",
        hint="You put a tanh on the mean. `classifier` gets it as it is.",
        changes=[("self.classifier(mean)", "self.classifier(torch.tanh(mean))")],
    ),
    Mistake(
        name="mean_detached",
        exercise="classifier",
        hint="You cut the mean off from its gradient: `classifier` learns, and nothing before it.",
        changes=[("self.classifier(mean)", "self.classifier(mean.detach())")],
    ),
    Mistake(
        name="softmax_of_logits",
        exercise="classifier",
        hint="You return probabilities of a softmax. Logits are asked for, and a note may have several diagnoses.",
        changes=[("logits = self.classifier(mean)", "logits = torch.softmax(self.classifier(mean), dim=-1)")],
    ),
    Mistake(
        name="attention_averaged",
        exercise="classifier",
        hint="You average the attention over the heads. Collect what each block gives, as it is.",
        changes=[("all_attn.append(attn_weights)", "all_attn.append(attn_weights.mean(dim=1))")],
    ),
    Mistake(
        name="last_word_of_note",
        exercise="classifier",
        hint="You take the last word of the note. The mean over its words is asked for.",
        changes=[
            (
                "(words * is_word).sum(dim=1) / is_word.sum(dim=1).clamp(min=1)",
                "words[torch.arange(len(x)), (x != PAD).sum(1) - 1]",
            )
        ],
    ),
    Mistake(
        name="scaled_by_another_root",
        exercise="classifier",
        hint="You scale the words by another root. Multiply by the square root of d_model.",
        changes=[("math.sqrt(self.d_model)", "self.d_model ** 0.25")],
    ),
    Mistake(
        name="padding_looks_at_nothing",
        exercise="classifier",
        hint="Your mask hides the words that look. It is on the last axis that it hides those that are looked at: "
        "(batch, 1, 1, length).",
        changes=[("(x != PAD)[:, None, None, :]", "(x != PAD)[:, None, :, None]")],
    ),
    Mistake(
        name="padding_drawn_again",
        exercise="classifier",
        hint="You draw the words' vectors again after the embedding is made, and with them that of the padding, "
        "which is to be zero.",
        changes=[
            (
                "self.embedding = nn.Embedding(vocab_size, d_model, padding_idx=PAD)",
                "self.embedding = nn.Embedding(vocab_size, d_model, padding_idx=PAD)\n"
                "        nn.init.normal_(self.embedding.weight)",
            ),
        ],
    ),
    Mistake(
        name="words_drawn_by_xavier",
        exercise="classifier",
        hint="You draw the words' vectors again (Xavier), and with them that of the padding, which is to be zero.",
        changes=[
            (
                "self.embedding = nn.Embedding(vocab_size, d_model, padding_idx=PAD)",
                "self.embedding = nn.Embedding(vocab_size, d_model, padding_idx=PAD)\n"
                "        nn.init.xavier_uniform_(self.embedding.weight)",
            ),
        ],
    ),
    Mistake(
        name="all_weights_drawn_by_xavier",
        exercise="classifier",
        hint="You draw all weights again (Xavier), and with them the padding's vector, which is to be zero.",
        changes=[
            (
                "        self.dropout = nn.Dropout(dropout)\n",
                "        self.dropout = nn.Dropout(dropout)\n"
                "        for weight in self.parameters():\n"
                "            if weight.dim() > 1:\n"
                "                nn.init.xavier_uniform_(weight)\n",
            ),
        ],
    ),
    Mistake(
        name="four_diagnoses_always",
        exercise="classifier",
        hint="Your model has four diagnoses, whatever num_classes says.",
        changes=[("nn.Linear(d_model, num_classes)", "nn.Linear(d_model, 4)")],
    ),
    Mistake(
        name="four_heads_always",
        exercise="classifier",
        hint="Your blocks have four heads, whatever num_heads says.",
        changes=[("TransformerBlock(d_model, num_heads, d_ff", "TransformerBlock(d_model, 4, d_ff")],
    ),
    Mistake(
        name="four_times_as_many_hidden_units",
        exercise="classifier",
        hint="Your blocks have 4 * d_model hidden units, whatever d_ff says.",
        changes=[("num_heads, d_ff, dropout)\n             for", "num_heads, 4 * d_model, dropout) for")],
    ),
    Mistake(
        name="hidden_units_typed_in",
        exercise="classifier",
        hint="Your blocks have 512 hidden units, whatever d_ff says.",
        changes=[("num_heads, d_ff, dropout)\n             for", "num_heads, 512, dropout) for")],
    ),
    Mistake(
        name="first_word_left_out_of_mean",
        exercise="classifier",
        hint="Your mean leaves out the first word. It runs over all words of the note.",
        changes=[
            ("is_word = (x != PAD).unsqueeze(-1)", "is_word = (x != PAD).unsqueeze(-1)\n        is_word[:, 0] = False"),
        ],
    ),
    Mistake(
        name="divided_by_mean_number_of_words",
        exercise="classifier",
        hint="You divide by the mean number of words of the batch's notes. Each note is divided by its own.",
        changes=[("is_word.sum(dim=1).clamp(min=1)", "is_word.sum(dim=1).float().mean().clamp(min=1)")],
    ),
    Mistake(
        name="divided_by_words_of_all_notes",
        exercise="classifier",
        hint="You divide by the words of all notes together. Each note is divided by its own number of words.",
        changes=[("is_word.sum(dim=1).clamp(min=1)", "is_word.sum().clamp(min=1)")],
    ),
    Mistake(
        name="divided_by_number_of_notes",
        exercise="classifier",
        hint="You divide by the number of notes. Each note is divided by its number of words.",
        changes=[("is_word.sum(dim=1).clamp(min=1)", "len(x)")],
    ),
    Mistake(
        name="word_one_masked",
        exercise="classifier",
        hint="Your mask hides word 1 as well. Only word 0 is padding.",
        changes=[("pad_mask = (x != PAD)", "pad_mask = (x > 1)")],
    ),
    Mistake(
        name="word_one_left_out_of_mean",
        exercise="classifier",
        hint="Your mean leaves out word 1 as well. Only word 0 is padding.",
        changes=[("is_word = (x != PAD)", "is_word = (x > 1)")],
    ),
    Mistake(
        name="word_one_taken_for_padding",
        exercise="classifier",
        hint="You take word 1 for padding as well, in the mask and in the mean. Only word 0 is.",
        changes=[
            ("pad_mask = (x != PAD)", "pad_mask = (x > 1)"),
            ("is_word = (x != PAD)", "is_word = (x > 1)"),
        ],
    ),
    Mistake(
        name="scaled_by_root_of_length",
        exercise="classifier",
        hint="You multiply the words' vectors by the root of the note's length. It is the root of d_model.",
        changes=[("math.sqrt(self.d_model)", "math.sqrt(x.shape[1])")],
    ),
    Mistake(
        name="mean_before_the_blocks",
        exercise="classifier",
        hint="Your mean is that of what goes into the first block. Take it of what comes out of the last.",
        changes=[
            ("words = self.dropout(words)", "start = words = self.dropout(words)"),
            ("mean = (words * is_word)", "mean = (start * is_word)"),
        ],
    ),
    Mistake(
        name="classifier_drops_out_in_evaluation",
        exercise="classifier",
        hint="Your classifier drops out in evaluation mode, too. `nn.functional.dropout` wants to be told "
        "`training=self.training`; `self.dropout` knows the mode.",
        changes=[("words = self.dropout(words)", "words = nn.functional.dropout(words, self.dropout.p)")],
    ),
    Mistake(
        name="mask_of_first_call",
        exercise="classifier",
        hint=(
            "You keep the mask of the first notes and use it for others of the same shape. Make it anew from x in "
            "each call."
        ),
        changes=[
            (
                "pad_mask = (x != PAD)[:, None, None, :]",
                "if getattr(self, \"kept\", x).shape != x.shape or not hasattr(self, \"kept\"):\n"
                "            self.kept = x != PAD\n"
                "        pad_mask = self.kept[:, None, None, :]",
            ),
        ],
    ),
    Mistake(
        name="attention_of_the_last_block_for_all",
        exercise="classifier",
        hint="You give the attention of the last block for every block. Append what each one gives.",
        changes=[
            (
                "            all_attn.append(attn_weights)\n",
                "            all_attn = [attn_weights] * len(self.blocks)\n",
            ),
        ],
    ),
    Mistake(
        name="divided_by_a_little_more",
        exercise="classifier",
        hint=(
            "You add something to the number of words before you divide. Then the mean is too small: `clamp(min=1)` "
            "is only for a note without words."
        ),
        changes=[
            (".clamp(min=1)", " + 0.1"),
        ],
    ),
]

TRAINING = [
    Mistake(
        name="cross_entropy_over_diagnoses",
        exercise="training",
        hint="Your loss is a cross entropy over the diagnoses, as if a note had only one. Each is a question of its "
        "own: `BCEWithLogitsLoss`.",
        changes=[("nn.BCEWithLogitsLoss()", "nn.CrossEntropyLoss()")],
    ),
    Mistake(
        name="squared_error",
        exercise="training",
        hint="Your loss is a squared error. Asked for is the binary cross entropy.",
        changes=[("nn.BCEWithLogitsLoss()", "nn.MSELoss()")],
    ),
    Mistake(
        name="sigmoid_twice",
        exercise="training",
        hint="You apply the sigmoid before a loss that applies it itself: `BCEWithLogitsLoss` takes logits.",
        changes=[("criterion(logits, labels", "criterion(torch.sigmoid(logits), labels")],
    ),
    Mistake(
        name="loss_summed",
        exercise="training",
        hint="You add up the losses of a batch instead of taking their mean.",
        changes=[("nn.BCEWithLogitsLoss()", 'nn.BCEWithLogitsLoss(reduction="sum")')],
    ),
    Mistake(
        name="plain_gradient_descent",
        exercise="training",
        hint="You use plain gradient descent (`SGD`). The recipe says Adam.",
        changes=[("torch.optim.Adam", "torch.optim.SGD")],
    ),
    Mistake(
        name="learning_rate_ignored",
        exercise="training",
        hint="Your learning rate is 0.0003, whatever `lr` says.",
        changes=[("lr=lr)", "lr=3e-4)")],
    ),
    Mistake(
        name="gradients_not_cleared",
        exercise="training",
        hint="You do not clear the gradients, so that each step follows all batches so far.",
        changes=[("optimizer.zero_grad()", "pass")],
    ),
    Mistake(
        name="gradients_cleared_too_late",
        exercise="training",
        hint="You clear the gradients between `backward` and `step`, so that there is nothing left to step along.",
        changes=[
            ("            optimizer.zero_grad()\n", ""),
            ("            loss.backward()\n", "            loss.backward()\n            optimizer.zero_grad()\n"),
            ("nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)", "pass"),
        ],
    ),
    Mistake(
        name="weights_decay",
        exercise="training",
        hint="Your optimizer lets the weights decay (`AdamW` does so by itself). The recipe says plain Adam.",
        changes=[("torch.optim.Adam(", "torch.optim.AdamW(")],
    ),
    Mistake(
        name="gradients_cleared_once_an_epoch",
        exercise="training",
        hint="You clear the gradients once an epoch, so that each step follows all batches of it so far.",
        changes=[
            ("            optimizer.zero_grad()\n", ""),
            ("        model.train()\n", "        model.train()\n        optimizer.zero_grad()\n"),
        ],
    ),
    Mistake(
        name="no_step",
        exercise="training",
        hint="You compute gradients, but never call `optimizer.step()`.",
        changes=[("optimizer.step()", "pass")],
    ),
    Mistake(
        name="one_step_per_epoch",
        exercise="training",
        hint="You step once an epoch, after its last batch. Step after each batch.",
        changes=[
            ("            optimizer.step()\n", ""),
            (
                "            epoch_losses.append(loss.item())\n",
                "            epoch_losses.append(loss.item())\n        optimizer.step()\n",
            ),
        ],
    ),
    Mistake(
        name="clipping_forgotten",
        exercise="training",
        hint="You do not clip the gradients, or not in time: before `backward` there is nothing to clip yet, after "
        "`step` it is too late.",
        changes=[("nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)", "pass")],
    ),
    Mistake(
        name="learning_rate_halved",
        exercise="training",
        hint="Your learning rate falls over the epochs. The recipe has one rate for all: no scheduler.",
        changes=[
            (
                "        model.train()\n",
                "        model.train()\n        if epoch and epoch % 10 == 0:\n"
                '            optimizer.param_groups[0]["lr"] /= 2\n',
            ),
        ],
    ),
    Mistake(
        name="clipped_to_five",
        exercise="training",
        hint="You clip the gradients to another norm than 1, which the recipe says.",
        changes=[("max_norm=1.0", "max_norm=5.0")],
    ),
    Mistake(
        name="values_clipped",
        exercise="training",
        hint="You clip each number of the gradients (`clip_grad_value_`) instead of the norm of all together.",
        changes=[
            (
                "nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)",
                "nn.utils.clip_grad_value_(model.parameters(), 1.0)",
            ),
        ],
    ),
    Mistake(
        name="training_mode_once",
        exercise="training",
        hint="You switch to training mode before the first epoch only. The validation after it switches to "
        "evaluation mode, and so the later epochs train without dropout.",
        changes=[
            (
                "        model.train()\n        for tokens",
                "        if epoch == 0:\n            model.train()\n        for tokens",
            ),
        ],
    ),
    Mistake(
        name="training_mode_forgotten",
        exercise="training",
        hint="No batch passes the model in training mode: you never switch to it, or only after the batches, where the "
        "validation switches back.",
        changes=[("        model.train()\n", "")],
    ),
    Mistake(
        name="validation_notes_trained_on",
        exercise="training",
        hint="You train on the validation notes.",
        changes=[
            ("for tokens, labels in train_loader:", "for tokens, labels in list(val_loader)[:1] * len(train_loader):")
        ],
    ),
    Mistake(
        name="global_model_trained",
        exercise="training",
        costly="The given model learns nothing, so nothing about its steps is right.",
        hint="You train the notebook's own model, whatever model `train_model` is given.",
        changes=[("logits, _ = model(tokens", 'logits, _ = globals()["model"](tokens')],
    ),
    Mistake(
        name="loss_of_the_last_batch",
        exercise="training",
        hint="The loss that you report for an epoch is that of its last batch, not the mean of all.",
        changes=[("epoch_losses.append(loss.item())", "epoch_losses[:] = [loss.item()]")],
    ),
    Mistake(
        name="labels_left_behind",
        exercise="training",
        hint="You move the tokens to `device`, but not the labels.",
        changes=[("labels.to(device)", "labels")],
    ),
    Mistake(
        name="tokens_left_behind",
        exercise="training",
        hint="You move the labels to `device`, but not the tokens.",
        changes=[("tokens.to(device)", "tokens")],
    ),
    Mistake(
        name="each_parameter_clipped",
        exercise="training",
        hint="You clip the gradient of each parameter by itself. Clip the norm of all together: pass "
        "`model.parameters()`.",
        changes=[
            (
                "nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)",
                "[nn.utils.clip_grad_norm_(one, max_norm=1.0) for one in model.parameters()]",
            )
        ],
    ),
    Mistake(
        name="gradients_always_of_norm_one",
        exercise="training",
        hint="You bring every gradient to norm 1, also smaller ones. Only those above 1 are to be clipped.",
        changes=[
            (
                "nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)",
                "norm = nn.utils.get_total_norm([one.grad for one in model.parameters()])\n"
                "            [one.grad.div_(norm) for one in model.parameters()]",
            )
        ],
    ),
    Mistake(
        name="weights_decay_in_adam",
        exercise="training",
        hint="Your Adam has a weight decay. The recipe has none.",
        changes=[("lr=lr)", "lr=lr, weight_decay=0.01)")],
    ),
    Mistake(
        name="optimizer_made_each_epoch",
        exercise="training",
        hint="You make a new optimizer in each epoch, which forgets the moments of Adam. Make one before the epochs.",
        changes=[
            (
                "        model.train()\n",
                "        model.train()\n        optimizer = torch.optim.Adam(model.parameters(), lr=lr)\n",
            )
        ],
    ),
    Mistake(
        name="losses_as_tensors",
        exercise="training",
        costly="It stops after the first epoch.",
        hint="You keep losses as tensors with their gradients. Append plain numbers: `loss.item()`.",
        changes=[("loss.item()", "loss")],
    ),
    Mistake(
        name="clipped_to_tenth",
        exercise="training",
        hint="You clip the gradients to a norm of 0.1. A norm of 1 is asked for.",
        changes=[("max_norm=1.0", "max_norm=0.1")],
    ),
    Mistake(
        name="step_twice",
        exercise="training",
        hint="You call `optimizer.step()` twice for each batch.",
        changes=[("            optimizer.step()\n", "            optimizer.step()\n            optimizer.step()\n")],
    ),
    Mistake(
        name="losses_times_notes",
        exercise="training",
        hint="You multiply each loss by the number of notes. The mean of the batches is asked for.",
        changes=[("epoch_losses.append(loss.item())", "epoch_losses.append(loss.item() * len(tokens))")],
    ),
    Mistake(
        name="cross_entropy_of_probabilities",
        exercise="training",
        hint="You compute the cross entropy of probabilities. Where a logit is large, its sigmoid is 0 or 1, and what "
        "the loss should be is lost: give the logits to `BCEWithLogitsLoss`.",
        changes=[
            ("nn.BCEWithLogitsLoss()", "nn.BCELoss()"),
            ("criterion(logits, labels", "criterion(torch.sigmoid(logits), labels"),
        ],
    ),
    Mistake(
        name="probabilities_clipped",
        exercise="training",
        hint="You keep the probabilities away from 0 and 1 and take their logarithms. That gives up the loss of large "
        "logits, which `BCEWithLogitsLoss` computes as it is.",
        changes=[
            ("nn.BCEWithLogitsLoss()", "nn.BCELoss()"),
            ("criterion(logits, labels", "criterion(torch.sigmoid(logits).clamp(1e-7, 1 - 1e-7), labels"),
        ],
    ),
    Mistake(
        name="largest_number_clipped",
        exercise="training",
        hint="You clip by the largest number of the gradients (`norm_type`). The norm that is meant is the usual "
        "one: the root of the sum of squares.",
        changes=[("max_norm=1.0", 'max_norm=1.0, norm_type=float("inf")')],
    ),
    Mistake(
        name="first_parameter_clipped",
        exercise="training",
        hint="You clip the gradient of the first parameter only. Clip the norm of all together.",
        changes=[
            (
                "nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)",
                "nn.utils.clip_grad_norm_(next(model.parameters()), max_norm=1.0)",
            ),
        ],
    ),
    Mistake(
        name="loss_summed_over_diagnoses",
        exercise="training",
        hint="Your loss is the mean over the notes of the sum over the diagnoses. The mean runs over both.",
        changes=[
            ("nn.BCEWithLogitsLoss()", 'nn.BCEWithLogitsLoss(reduction="sum")'),
            ("criterion(logits, labels.to(device))", "criterion(logits, labels.to(device)) / len(labels)"),
        ],
    ),
    Mistake(
        name="loss_summed_over_notes",
        exercise="training",
        hint="Your loss is the sum over the notes of the mean over the diagnoses. The mean runs over both.",
        changes=[
            ("nn.BCEWithLogitsLoss()", 'nn.BCEWithLogitsLoss(reduction="sum")'),
            ("criterion(logits, labels.to(device))", "criterion(logits, labels.to(device)) / labels.shape[1]"),
        ],
    ),
    Mistake(
        name="squared_error_of_probabilities",
        exercise="training",
        hint="Your loss is the squared error of the probabilities. Asked for is the binary cross entropy.",
        changes=[
            ("nn.BCEWithLogitsLoss()", "nn.MSELoss()"),
            ("criterion(logits, labels", "criterion(torch.sigmoid(logits), labels"),
        ],
    ),
    Mistake(
        name="losses_counted_for_each_note",
        exercise="training",
        hint="You append the loss once for each note, so that large batches weigh more. Append it once for each batch.",
        changes=[("epoch_losses.append(loss.item())", "epoch_losses.extend([loss.item()] * len(tokens))")],
    ),
    Mistake(
        name="losses_added_up",
        exercise="training",
        hint="You append the sum of the losses so far. Append each batch's own.",
        changes=[("epoch_losses.append(loss.item())", "epoch_losses.append(loss.item() + sum(epoch_losses[-1:]))")],
    ),
    Mistake(
        name="step_one_batch_late",
        exercise="training",
        hint="You step before `backward`, along the gradient of the batch before. First `backward`, then `step`.",
        changes=[
            (
                "            optimizer.zero_grad()\n",
                "            optimizer.step()\n            optimizer.zero_grad()\n",
            ),
            ("max_norm=1.0)\n            optimizer.step()\n", "max_norm=1.0)\n"),
        ],
    ),
    Mistake(
        name="validation_loader_trained_on",
        exercise="training",
        hint="You train on the notes of `val_loader`. They are to validate on; train on those of `train_loader`.",
        changes=[("in train_loader:", "in val_loader:")],
    ),
    Mistake(
        name="weights_decay_by_a_thousandth",
        exercise="training",
        hint="Your Adam has a weight decay. The recipe has none.",
        changes=[("lr=lr)", "lr=lr, weight_decay=1e-3)")],
    ),
    Mistake(
        name="weights_decay_by_a_ten_thousandth",
        exercise="training",
        hint="Your Adam has a weight decay. The recipe has none.",
        changes=[("lr=lr)", "lr=lr, weight_decay=1e-4)")],
    ),
    Mistake(
        name="labels_softened",
        exercise="training",
        hint="You soften the labels to 0.05 and 0.95. The recipe takes them as they are.",
        changes=[("criterion(logits, labels.to(device))", "criterion(logits, labels.to(device).clamp(0.05, 0.95))")],
        costly="Each step takes another gradient, so that no weight is what it should be.",
    ),
    Mistake(
        name="learning_rate_left_out",
        exercise="training",
        hint="Your Adam is made without `lr=lr`, so that it learns at its own rate of 0.001.",
        changes=[
            ("torch.optim.Adam(model.parameters(), lr=lr)", "torch.optim.Adam(model.parameters())"),
        ],
    ),
    Mistake(
        name="rare_diagnoses_weighted",
        exercise="training",
        hint="You weigh the diagnoses by how rare they are. The recipe has the plain loss.",
        changes=[
            ("criterion = nn.BCEWithLogitsLoss()", "criterion = nn.BCEWithLogitsLoss(pos_weight=torch.tensor(3.0))"),
        ],
    ),
]

ABLATION = [
    Mistake(
        name="scale_set_to_zero",
        exercise="ablation",
        hint="You set the scale to 0, which makes all scores alike and every attention a plain mean. Without "
        "scaling, it is 1.",
        changes=[("module.scale = 1.0", "module.scale = 0.0")],
    ),
    Mistake(
        name="first_block_only",
        exercise="ablation",
        hint="You change the first attention that you find and stop there.",
        changes=[("            module.scale = 1.0\n", "            module.scale = 1.0\n            break\n")],
    ),
    Mistake(
        name="scale_of_the_class",
        exercise="ablation",
        hint="You set the scale on the class. Every module has its own, which comes first.",
        changes=[("module.scale = 1.0", "MultiHeadSelfAttention.scale = 1.0")],
    ),
    Mistake(
        name="children_only",
        exercise="ablation",
        hint="You go through the model's children only. Attention lies deeper: `modules()` reaches all.",
        changes=[("model.modules()", "model.children()")],
    ),
    Mistake(
        name="model_not_returned",
        exercise="ablation",
        hint="Your `remove_scaling` returns nothing. Return the model.",
        changes=[("            module.scale = 1.0\n    return model\n", "            module.scale = 1.0\n")],
    ),
    Mistake(
        name="positions_kept",
        exercise="ablation",
        hint="Your `remove_positions` leaves the positions where they are.",
        changes=[("model.pos_encoding = nn.Identity()", "model.positions = nn.Identity()")],
    ),
    Mistake(
        name="words_removed_too",
        exercise="ablation",
        hint="Your `remove_positions` takes the words away as well.",
        changes=[("model.pos_encoding = nn.Identity()", "model.pos_encoding = nn.Dropout(p=1.0)")],
    ),
    Mistake(
        name="words_made_louder",
        exercise="ablation",
        hint="You multiply the words' vectors by sqrt(d_model) once more. Divide.",
        changes=[("weight /= math", "weight *= math")],
    ),
    Mistake(
        name="words_divided_by_d_model",
        exercise="ablation",
        hint="You divide the words' vectors by d_model. It should be its square root.",
        changes=[("math.sqrt(model.d_model)\n    return", "model.d_model\n    return")],
    ),
    Mistake(
        name="words_no_longer_learn",
        exercise="ablation",
        hint="Your words' vectors no longer learn: change their numbers, and leave `requires_grad` alone.",
        changes=[
            (
                "        model.embedding.weight /= math.sqrt(model.d_model)\n",
                "        model.embedding.weight /= math.sqrt(model.d_model)\n"
                "    model.embedding.weight.requires_grad_(False)\n",
            ),
        ],
    ),
    Mistake(
        name="words_drawn_anew",
        exercise="ablation",
        hint="You draw new vectors for the words. They have the right size, but the padding has one, too, and the "
        "seed's words are gone: divide those that are there.",
        changes=[
            (
                "model.embedding.weight /= math.sqrt(model.d_model)",
                "model.embedding.weight.normal_(0, model.d_model**-0.5)",
            ),
        ],
    ),
    Mistake(
        name="seeds_of_their_own",
        exercise="ablation",
        hint="Your variants run with different seeds. Then a difference may be luck: give all of them the same ones.",
        changes=[
            (
                "{\n        name: np.array([run(change, seed) for seed in seeds])\n"
                "        for name, change in variants.items()\n    }",
                "{name: np.array([run(change, seed + 100 * i) for seed in seeds]) "
                "for i, (name, change) in enumerate(variants.items())}",
            ),
        ],
    ),
    Mistake(
        name="one_seed_again_and_again",
        exercise="ablation",
        hint="You run with the first seed several times, and so get the same curve several times.",
        changes=[("run(change, seed) for seed in seeds", "run(change, seeds[0]) for seed in seeds")],
    ),
    Mistake(
        name="last_epoch_only",
        exercise="ablation",
        hint="You keep the last epoch of each run only. The whole curve is asked for.",
        changes=[("run(change, seed) for", "run(change, seed)[-1] for")],
    ),
    Mistake(
        name="seeds_in_columns",
        exercise="ablation",
        hint="Your arrays have a column for each seed. Seeds are rows, epochs are columns.",
        changes=[
            ("np.array([run(change, seed) for seed in seeds])", "np.array([run(change, seed) for seed in seeds]).T")
        ],
    ),
    Mistake(
        name="curves_in_lists",
        exercise="ablation",
        hint="Your curves are lists. Make an array of each variant's.",
        changes=[("np.array([run(change, seed) for seed in seeds])", "[run(change, seed) for seed in seeds]")],
    ),
    Mistake(
        name="mean_over_epochs",
        exercise="ablation",
        hint="Your mean and deviation run over the epochs. They run over the seeds, the rows (axis 0).",
        changes=[("mean(axis=0)", "mean(axis=1)"), ("std(axis=0, ddof=1)", "std(axis=1, ddof=1)")],
    ),
    Mistake(
        name="deviation_of_the_population",
        exercise="ablation",
        hint="You divide by the number of seeds (`ddof=0`), which makes the band too narrow. Divide by one less.",
        changes=[(", ddof=1)", ")")],
    ),
    Mistake(
        name="standard_error",
        exercise="ablation",
        hint="Your band is the standard error of the mean. Asked for is the standard deviation of the seeds.",
        changes=[("curves.std(axis=0, ddof=1)", "curves.std(axis=0, ddof=1) / len(curves) ** 0.5")],
    ),
    Mistake(
        name="variance_for_deviation",
        exercise="ablation",
        hint="Your band is as wide as the variance. Its root is the standard deviation.",
        changes=[("curves.std(axis=0, ddof=1)", "curves.var(axis=0, ddof=1)")],
    ),
    Mistake(
        name="least_and_greatest",
        exercise="ablation",
        hint="Your band reaches from the worst to the best seed. Asked for is the mean minus and plus the deviation.",
        changes=[
            ("low, high = mean - deviation, mean + deviation", "low, high = curves.min(axis=0), curves.max(axis=0)")
        ],
    ),
    Mistake(
        name="blocks_only",
        exercise="ablation",
        hint="You change the attention of `model.blocks` alone. `model.modules()` goes through all that is inside.",
        changes=[
            (
                "    for module in model.modules():\n        if isinstance(module, MultiHeadSelfAttention):\n"
                "            module.scale = 1.0\n",
                "    for block in model.blocks:\n        block.attention.scale = 1.0\n",
            )
        ],
    ),
    Mistake(
        name="scale_of_sqrt_d_k",
        exercise="ablation",
        hint="You set the scale to sqrt(d_k). Without scaling, it is 1.",
        changes=[("module.scale = 1.0", "module.scale = math.sqrt(module.d_k)")],
    ),
    Mistake(
        name="copy_without_positions",
        exercise="ablation",
        hint="Your `remove_positions` changes a copy. Change the model that is given, and return it.",
        changes=[
            (
                "model.pos_encoding = nn.Identity()",
                "import copy\n    model = copy.deepcopy(model)\n    model.pos_encoding = nn.Identity()",
            )
        ],
    ),
    Mistake(
        name="words_divided_by_a_number_typed_in",
        exercise="ablation",
        hint="You divide the words' vectors by sqrt(128), whatever `model.d_model` is.",
        changes=[("math.sqrt(model.d_model)\n    return", "math.sqrt(128)\n    return")],
    ),
    Mistake(
        name="words_of_length_one",
        exercise="ablation",
        hint="You bring each word's vector to length 1. Divide all by the same number, sqrt(d_model).",
        changes=[
            (
                "model.embedding.weight /= math.sqrt(model.d_model)",
                "model.embedding.weight /= model.embedding.weight.norm(dim=1, keepdim=True).clamp(min=1e-6)",
            )
        ],
    ),
    Mistake(
        name="last_seed_only",
        exercise="ablation",
        hint="You keep the curve of the last seed alone. Each seed has a row.",
        changes=[
            ("np.array([run(change, seed) for seed in seeds])", "np.array([run(change, seed) for seed in seeds][-1:])")
        ],
    ),
    Mistake(
        name="change_and_seed_swapped",
        exercise="ablation",
        hint="You call `run(seed, change)`. The change comes first.",
        changes=[("run(change, seed) for", "run(seed, change) for")],
    ),
    Mistake(
        name="two_deviations",
        exercise="ablation",
        hint="Your band is two standard deviations wide on each side. Asked for is one.",
        changes=[("mean - deviation, mean + deviation", "mean - 2 * deviation, mean + 2 * deviation")],
    ),
    Mistake(
        name="low_and_high_swapped",
        exercise="ablation",
        hint="Your lower end of the band is the upper one: low is the mean minus the deviation.",
        changes=[("low, high = mean - deviation", "high, low = mean - deviation")],
    ),
    Mistake(
        name="curves_changed_in_place",
        exercise="ablation",
        hint="Your `mean_and_band` changes the curves that it is given in place. Leave them as they are.",
        changes=[
            (
                "mean = curves.mean(axis=0)\n    deviation = curves.std(axis=0, ddof=1)",
                "mean = curves.mean(axis=0)\n    curves -= mean\n"
                "    deviation = ((curves**2).sum(axis=0) / (len(curves) - 1)) ** 0.5",
            )
        ],
    ),
    Mistake(
        name="median_for_mean",
        exercise="ablation",
        hint="You take the median over the seeds. The mean is asked for.",
        changes=[("mean = curves.mean(axis=0)", "mean = np.median(curves, axis=0)")],
    ),
    Mistake(
        name="half_a_deviation",
        exercise="ablation",
        hint="Your band is half a deviation wide to each side. It is one.",
        changes=[("mean - deviation, mean + deviation", "mean - deviation / 2, mean + deviation / 2")],
    ),
    Mistake(
        name="dropout_for_positions",
        exercise="ablation",
        hint="You put a dropout in the place of the positions. Without them, the words go on as they are.",
        changes=[("model.pos_encoding = nn.Identity()", "model.pos_encoding = nn.Dropout(0.1)")],
    ),
    Mistake(
        name="mean_over_seeds_early",
        exercise="ablation",
        hint="You average over the seeds too early. The curves keep a row for each.",
        changes=[
            (
                "np.array([run(change, seed) for seed in seeds])",
                "np.mean([run(change, seed) for seed in seeds], axis=0)",
            )
        ],
    ),
    Mistake(
        name="first_variant_only",
        exercise="ablation",
        hint="You train the first variant only.",
        changes=[("for name, change in variants.items()\n    }", "for name, change in list(variants.items())[:1]}")],
    ),
    Mistake(
        name="deviation_of_everything",
        exercise="ablation",
        hint="Your deviation is that of all numbers together. Each epoch has its own, over the seeds.",
        changes=[("curves.std(axis=0, ddof=1)", "curves.std(ddof=1)")],
    ),
    Mistake(
        name="function_for_module",
        exercise="ablation",
        hint="You put a function where the model has a module, which PyTorch refuses. There is a module that gives "
        "back what it is given.",
        changes=[("nn.Identity()", "lambda words: words")],
    ),
    Mistake(
        name="module_not_made",
        exercise="ablation",
        hint="You put a class in the place of a module. Make one of it: call it.",
        changes=[("nn.Identity()", "nn.Identity")],
    ),
    Mistake(
        name="positions_set_to_none",
        exercise="ablation",
        hint="You set the positions to None, and the model calls them nevertheless. Put a module there that gives back "
        "what it is given.",
        changes=[("nn.Identity()", "None")],
    ),
    Mistake(
        name="leaf_changed_in_place",
        exercise="ablation",
        hint="You change a parameter in place while gradients are recorded, which PyTorch refuses: switch them off "
        "for this line.",
        changes=[("    with torch.no_grad():\n        model", "    model")],
    ),
    Mistake(
        name="tensor_for_parameter",
        exercise="ablation",
        hint="You put a tensor where the embedding has a parameter, which PyTorch refuses. Change the parameter's "
        "numbers in place.",
        changes=[("model.embedding.weight /=", "model.embedding.weight = model.embedding.weight /")],
    ),
    Mistake(
        name="numbers_for_seeds",
        exercise="ablation",
        hint="You run with 0, 1, 2 and so on in the place of the seeds. Go through `seeds` themselves.",
        changes=[("for seed in seeds]", "for seed in range(len(seeds))]")],
    ),
    Mistake(
        name="all_seeds_at_once",
        exercise="ablation",
        hint="You hand all seeds on to each run. A run takes one.",
        changes=[("run(change, seed) for", "run(change, seeds) for")],
    ),
    Mistake(
        name="rows_not_emptied",
        exercise="ablation",
        hint="You never empty the list of rows, so that each variant also has the curves of those before.",
        changes=[
            (
                "return {\n        name: np.array([run(change, seed) for seed in seeds])\n"
                "        for name, change in variants.items()\n    }",
                "rows, curves = [], {}\n"
                "    for name, change in variants.items():\n"
                "        rows += [run(change, seed) for seed in seeds]\n"
                "        curves[name] = np.array(rows)\n"
                "    return curves",
            )
        ],
    ),
    Mistake(
        name="last_variant_for_all",
        exercise="ablation",
        hint="All variants share one list of rows, so that all have the curves of the last. Make one for each.",
        changes=[
            (
                "return {\n        name: np.array([run(change, seed) for seed in seeds])\n"
                "        for name, change in variants.items()\n    }",
                "for change in variants.values():\n"
                "        rows = np.array([run(change, seed) for seed in seeds])\n"
                "    return dict.fromkeys(variants, rows)",
            )
        ],
    ),
    Mistake(
        name="scale_times_root_of_d_model",
        exercise="ablation",
        hint="You multiply the scale by sqrt(d_model), but it was one over sqrt(d_k). Without scaling, it is 1.",
        changes=[("module.scale = 1.0", "module.scale *= math.sqrt(module.d_model)")],
    ),
    Mistake(
        name="scale_of_everything",
        exercise="ablation",
        hint="You set the `scale` of everything that has one. Only attention is meant: ask each module what it is.",
        changes=[("isinstance(module, MultiHeadSelfAttention)", 'hasattr(module, "scale")')],
    ),
    Mistake(
        name="no_attention_changed",
        exercise="ablation",
        hint="You change no attention: its `scale` is as before. It may lie anywhere in the model, and each has a "
        "`scale` of its own.",
        changes=[
            ("isinstance(module, MultiHeadSelfAttention)", "isinstance(module, TransformerBlock)"),
            ("module.scale = 1.0", "module.attention.scale = 1.0"),
        ],
    ),
    Mistake(
        name="copy_without_scaling",
        exercise="ablation",
        hint="Your `remove_scaling` changes a copy. Change the model that is given, and return it.",
        changes=[
            (
                "    for module in model.modules()",
                "    import copy\n\n    model = copy.deepcopy(model)\n    for module in model.modules()",
            ),
        ],
    ),
    Mistake(
        name="copy_with_softened_words",
        exercise="ablation",
        hint="Your `soften_words` changes a copy. Change the model that is given, and return it.",
        changes=[
            (
                "    with torch.no_grad():\n        model",
                "    import copy\n\n    model = copy.deepcopy(model)\n    with torch.no_grad():\n        model",
            ),
        ],
    ),
    Mistake(
        name="first_position_for_all_words",
        exercise="ablation",
        hint="You give all words the first position, which is still added. Without positions, nothing is.",
        changes=[
            ("model.pos_encoding = nn.Identity()", "model.pos_encoding.pe[:] = model.pos_encoding.pe[:, :1].clone()"),
        ],
    ),
    Mistake(
        name="words_divided_by_root_of_vocabulary",
        exercise="ablation",
        hint="You divide the words' vectors by the root of the number of words. It is the root of `model.d_model`.",
        changes=[("math.sqrt(model.d_model)\n    return", "math.sqrt(len(model.embedding.weight))\n    return")],
    ),
    Mistake(
        name="quotient_thrown_away",
        exercise="ablation",
        hint="You divide the words' vectors, but nobody keeps the quotient, and the weight is as before.",
        changes=[("weight /= math", "weight / math")],
    ),
    Mistake(
        name="words_divided_by_their_deviation",
        exercise="ablation",
        hint="You divide the words' vectors by their own standard deviation as well. Divide by sqrt(d_model) only.",
        changes=[
            ("weight /= math.sqrt(model.d_model)", "weight /= model.embedding.weight.std() * math.sqrt(model.d_model)"),
        ],
    ),
    Mistake(
        name="all_weights_softened",
        exercise="ablation",
        hint="You divide all weights of the model. Only the words' vectors, `embedding.weight`, are meant.",
        changes=[
            (
                "        model.embedding.weight /= math.sqrt(model.d_model)\n",
                "        for weight in model.parameters():\n            weight /= math.sqrt(model.d_model)\n",
            ),
        ],
    ),
    Mistake(
        name="positions_softened",
        exercise="ablation",
        hint="You divide the positions as well. Only the words' vectors are meant: the positions are what they shall "
        "be as loud as.",
        changes=[
            (
                "        model.embedding.weight /= math.sqrt(model.d_model)\n",
                "        model.embedding.weight /= math.sqrt(model.d_model)\n"
                "        model.pos_encoding.pe /= math.sqrt(model.d_model)\n",
            ),
        ],
    ),
    Mistake(
        name="padding_learns_after_softening",
        exercise="ablation",
        hint="You make a new embedding that does not know the padding any more, whose vector would learn. Change the "
        "numbers of the one that is there.",
        changes=[
            (
                "    with torch.no_grad():\n        model.embedding.weight /= math.sqrt(model.d_model)\n",
                "    softened = model.embedding.weight.detach() / math.sqrt(model.d_model)\n"
                "    model.embedding = nn.Embedding.from_pretrained(softened, freeze=False)\n",
            ),
        ],
    ),
    Mistake(
        name="curves_of_integers",
        exercise="ablation",
        hint="Your arrays are of integers, which cut off all behind the point. Scores are floats.",
        changes=[
            (
                "np.array([run(change, seed) for seed in seeds])",
                "np.array([run(change, seed) for seed in seeds], dtype=int)",
            ),
        ],
    ),
    Mistake(
        name="one_list_for_all",
        exercise="ablation",
        hint="All your variants share one list, and so each has the curves of all. Make one for each.",
        changes=[
            (
                "return {\n        name: np.array([run(change, seed) for seed in seeds])\n"
                "        for name, change in variants.items()\n    }",
                "rows = dict.fromkeys(variants, [])\n"
                "    for name, change in variants.items():\n"
                "        rows[name] += [run(change, seed) for seed in seeds]\n"
                "    return {name: np.array(value) for name, value in rows.items()}",
            ),
        ],
    ),
    Mistake(
        name="seeds_sorted",
        exercise="ablation",
        hint="You sort the seeds. Rows are in the order in which the seeds are given.",
        changes=[("for seed in seeds]", "for seed in sorted(seeds)]")],
    ),
    Mistake(
        name="last_change_for_all",
        exercise="ablation",
        hint="You run only after the loop, when `change` is the last variant's for all of them. Run within the loop.",
        changes=[
            (
                "return {\n        name: np.array([run(change, seed) for seed in seeds])\n"
                "        for name, change in variants.items()\n    }",
                "jobs = {}\n"
                "    for name, change in variants.items():\n"
                "        jobs[name] = lambda seed: run(change, seed)\n"
                "    return {name: np.array([job(seed) for seed in seeds]) for name, job in jobs.items()}",
            ),
        ],
    ),
    Mistake(
        name="seeds_in_one_row",
        exercise="ablation",
        hint="You join the curves of the seeds to one long row. Each seed has a row of its own.",
        changes=[
            (
                "np.array([run(change, seed) for seed in seeds])",
                "np.concatenate([run(change, seed) for seed in seeds])",
            ),
        ],
    ),
    Mistake(
        name="divided_by_epochs",
        exercise="ablation",
        hint="Your deviation divides by the number of epochs less one. It is the seeds that are a sample: divide by "
        "their number less one.",
        changes=[("curves.std(axis=0, ddof=1)", "np.sqrt(((curves - mean) ** 2).sum(axis=0) / (curves.shape[1] - 1))")],
    ),
    Mistake(
        name="band_cut_at_one",
        exercise="ablation",
        hint="You cut the band at 1, the best F1. Asked for is the mean plus the deviation, whatever comes out.",
        changes=[("mean - deviation, mean + deviation", "mean - deviation, np.minimum(mean + deviation, 1.0)")],
    ),
    Mistake(
        name="band_cut_at_zero_and_one",
        exercise="ablation",
        hint="You cut the band at 0 and 1. Asked for is the mean minus and plus the deviation, whatever comes out.",
        changes=[
            (
                "mean - deviation, mean + deviation",
                "np.maximum(mean - deviation, 0.0), np.minimum(mean + deviation, 1.0)",
            ),
        ],
    ),
    Mistake(
        name="fresh_words_drawn",
        exercise="ablation",
        hint=(
            "You draw new vectors for the words. Divide those that the model has, in place: the comparison is of "
            "the same start."
        ),
        changes=[
            (
                "        model.embedding.weight /= math.sqrt(model.d_model)\n",
                "        model.embedding.weight.normal_(0, 1 / math.sqrt(model.d_model))\n",
            ),
        ],
    ),
    Mistake(
        name="variants_overwritten",
        exercise="ablation",
        hint=(
            "You write the curves into `variants`, which is the caller's, who needs its changes. Make a dict of "
            "your own."
        ),
        changes=[
            (
                "    return {\n"
                "        name: np.array([run(change, seed) for seed in seeds])\n"
                "        for name, change in variants.items()\n"
                "    }",
                "    for name in variants:\n"
                "        variants[name] = np.array(\n"
                "            [run(variants[name], seed) for seed in seeds])\n"
                "    return variants",
            ),
        ],
    ),
    Mistake(
        name="deviation_of_three_seeds",
        exercise="ablation",
        hint="You correct the deviation for three seeds, whatever their number is: `ddof=1`.",
        changes=[
            ("curves.std(axis=0, ddof=1)", "curves.std(axis=0) * np.sqrt(1.5)"),
        ],
    ),
]

FREE_SCORES = [
    Mistake(
        name="precision_alone",
        exercise="free_scores",
        hint="Your micro F1 is 1 - negated, which is the precision alone. F1 weighs the recall as well, and that is 1: "
        "nothing that is to be found is missed.",
        changes=[("micro_f1 = 2 * precision * recall / (precision + recall)", "micro_f1 = precision")],
    ),
    Mistake(
        name="mean_of_precision_and_recall",
        exercise="free_scores",
        hint="Your micro F1 is the plain mean of precision and recall. F1 is their harmonic mean.",
        changes=[("2 * precision * recall / (precision + recall)", "(precision + recall) / 2")],
    ),
    Mistake(
        name="one_fifth_only",
        exercise="free_scores",
        hint="Your micro F1 is that of one share of negated mentions. Compute it from `negated`.",
        changes=[("precision, recall = 1 - negated, 1.0", "precision, recall = 0.8, 1.0")],
    ),
    Mistake(
        name="found_in_place_of_held_back",
        exercise="free_scores",
        hint="Accuracy on negated mentions is the share that is *not* predicted. This answer predicts them all.",
        changes=[("accuracy, f1 = 0.0, 0.0", "accuracy, f1 = 1.0, 0.0")],
    ),
    Mistake(
        name="accuracy_over_all_mentions",
        exercise="free_scores",
        hint="Your accuracy is that over all mentions. It is asked for the negated ones alone, of which this answer "
        "holds none back.",
        changes=[("accuracy, f1 = 0.0, 0.0", "accuracy, f1 = 1 - negated, 0.0")],
    ),
    Mistake(
        name="f1_of_all_mentions",
        exercise="free_scores",
        hint='Your f1 is not zero. Of the verdict "this mention is negated", this answer has none that is right.',
        changes=[("accuracy, f1 = 0.0, 0.0", "accuracy, f1 = 0.0, 2 * negated / (1 + negated)")],
    ),
    Mistake(
        name="share_of_negated_as_accuracy",
        exercise="free_scores",
        hint="Your accuracy is the share of mentions that are negated. Asked is how many of these are not predicted.",
        changes=[("accuracy, f1 = 0.0, 0.0", "accuracy, f1 = negated, 0.0")],
    ),
]

WEIGHT_AND_SLOPE = [
    Mistake(
        name="other_word",
        exercise="weight_and_slope",
        hint="Your weight is that of the second word. The first one's score is higher by `gap`.",
        changes=[("math.exp(-gap)", "math.exp(gap)")],
    ),
    Mistake(
        name="gap_to_both_sides",
        exercise="weight_and_slope",
        hint="Your two scores are `gap` and minus `gap`, so that they differ by twice as much.",
        changes=[("math.exp(-gap)", "math.exp(-2 * gap)")],
    ),
    Mistake(
        name="without_the_other_word",
        exercise="weight_and_slope",
        hint="Your softmax does not divide by the sum over both words.",
        changes=[("1 / (1 + math.exp(-gap))", "math.exp(gap)")],
    ),
    Mistake(
        name="weight_as_slope",
        exercise="weight_and_slope",
        hint="Your slope is the weight itself, as if the denominator did not depend on the score.",
        changes=[("weight * (1 - weight)", "weight")],
    ),
    Mistake(
        name="slope_of_the_other_word",
        exercise="weight_and_slope",
        hint="Your slope is negative. A higher score of the first word makes its weight larger.",
        changes=[("weight * (1 - weight)", "-weight * (1 - weight)")],
    ),
    Mistake(
        name="slope_at_no_gap",
        exercise="weight_and_slope",
        hint="Your slope is one quarter for every gap: that of two words whose scores are the same.",
        changes=[("weight * (1 - weight)", "0.25")],
    ),
    Mistake(
        name="slope_over_a_whole_step",
        exercise="weight_and_slope",
        hint="Your slope is what the weight gains when the gap grows by a whole 1. The derivative is the slope at the "
        "gap itself.",
        changes=[("weight * (1 - weight)", "1 / (1 + math.exp(-gap - 1)) - weight")],
    ),
    Mistake(
        name="weight_squared_as_slope",
        exercise="weight_and_slope",
        hint="Your slope is the weight times itself. The second factor is what the other word gets.",
        changes=[("weight * (1 - weight)", "weight**2")],
    ),
    Mistake(
        name="slope_of_tanh",
        exercise="weight_and_slope",
        hint="Your slope is that of a tanh, 1 - weight squared.",
        changes=[("weight * (1 - weight)", "1 - weight**2")],
    ),
    Mistake(
        name="slope_as_a_quotient",
        exercise="weight_and_slope",
        hint="Your slope is that of the line from a gap of zero. Asked for is the derivative at this gap.",
        changes=[
            ("slope = weight * (1 - weight)", "slope = (weight - 0.5) / gap if gap else 0.25"),
        ],
    ),
    Mistake(
        name="half_of_the_other_weight_as_slope",
        exercise="weight_and_slope",
        hint=(
            "Your slope is half of what the other word gets: right for scores that are the same, and no others. "
            "Multiply both weights."
        ),
        changes=[
            ("slope = weight * (1 - weight)", "slope = (1 - weight) / 2"),
        ],
    ),
    Mistake(
        name="size_of_the_gap",
        exercise="weight_and_slope",
        hint=(
            "You take the size of the gap, without its sign. Where the first score is lower, the first word gets "
            "less than half."
        ),
        changes=[
            ("math.exp(-gap)", "math.exp(-abs(gap))"),
        ],
    ),
    Mistake(
        name="weight_and_slope_in_reverse",
        exercise="weight_and_slope",
        hint="You return the slope first. The weight comes first.",
        changes=[
            ("return weight, slope", "return slope, weight"),
        ],
    ),
]

GUESSES = [
    *slips_of_share("guess_published", "return 0.9"),
    *slips_of_letter("guess_positions", 'return "a"'),
    *slips_of_letter("guess_cause", 'return "a"'),
    *slips_of_letter("guess_gru", 'return "b"'),
    *slips(
        "guess_cue",
        "return cue, before",
        {
            "percentages": ("return 90, 5", "Your guess is above one. Give shares, not percentages: half is 0.5."),
            "second_percentage": ("return 0.9, 5", "`before` is above one. Half is 0.5, not 50."),
            "below_zero": ("return -0.1, 0.1", "Your guess is below zero. A share is from 0 to 1."),
            "one_number": ("return cue", "You return one number. Two are asked for."),
            "in_words": ('return "most", "few"', "Your guesses are texts. Give numbers."),
            "nothing": ("return None", NOTHING),
        },
    ),
    *slips(
        "guess_unknown",
        "return unknown, behind",
        {
            "percentages": ("return 50, 50", "Your guess is above one. Give shares, not percentages: half is 0.5."),
            "second_percentage": ("return 0.5, 50", "`behind` is above one. Half is 0.5, not 50."),
            "change_in_place_of_accuracy": (
                "return -0.5, 0.5",
                "Your guess is below zero, as a change would be. Give the accuracy itself, from 0 to 1.",
            ),
            "one_number": ("return unknown", "You return one number. Two are asked for."),
            "in_words": ('return "half", "half"', "Your guesses are texts. Give numbers."),
            "nothing": ("return None", NOTHING),
        },
    ),
]

MISTAKES = [
    *EVALUATION, *POSITIONS, *ATTENTION, *BLOCK, *CLASSIFIER, *TRAINING, *ABLATION,
    *FREE_SCORES, *WEIGHT_AND_SLOPE, *GUESSES,
]  # fmt: skip

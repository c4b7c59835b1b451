"""Wrong solutions of `seq2seq` that students write. They prove the checks, and they explain failures."""

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
        changes=[("DataLoader(val_dataset", "DataLoader(train_dataset")],
    ),
]

ENCODER = [
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
        changes=[(".masked_fill(~masks.unsqueeze(-1), -1e9)", "")],
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
        hint="You mask with minus infinity. A patient without any real visit then has nothing but "
        "that, and the softmax gives NaN.",
        changes=[("-1e9", 'float("-inf")')],
    ),
    Mistake(
        name="masked_after_softmax",
        exercise="encoder",
        hint="You mask the attention after the softmax. The padded visits have taken their share by "
        "then, and the rest no longer sums to one.",
        changes=[
            (".masked_fill(~masks.unsqueeze(-1), -1e9)", ""),
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
        hint="You drop some of the context in training. No dropout is asked for.",
        changes=[
            ("context = (attention", "context = nn.Dropout(0.2 * self.training)((attention"),
            ("sum(dim=1)", "sum(dim=1))"),
        ],
    ),
    Mistake(
        name="scores_on_cpu",
        exercise="encoder",
        hint="You make a new tensor without saying where. It lies on the CPU, also when the model is on a GPU.",
        changes=[
            (
                "self.att(hidden_states).masked_fill(~masks.unsqueeze(-1), -1e9)",
                "self.att(hidden_states) - 1e9 * torch.ones(x.shape[0], x.shape[1], 1) * ~masks.unsqueeze(-1)",
            )
        ],
    ),
]

DECODER = [
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
]

TRAINING = [
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
        name="step_before_backward",
        exercise="training",
        hint="Your optimizer steps before the gradients of the batch are there, and so always goes by none.",
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
]

CLUSTERING = [
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
        name="standardised_first",
        exercise="clustering",
        hint="You scale each number of the embeddings before k-means sees them. Cluster them as they are.",
        changes=[
            (
                ".fit_predict(embeddings)",
                ".fit_predict((embeddings - embeddings.mean(axis=0)) / (embeddings.std(axis=0) + 1e-9))",
            )
        ],
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
]

MISTAKES = DATASET + COLLATE + LOADERS + ENCODER + DECODER + SEQ2SEQ + TRAINING + CLUSTERING

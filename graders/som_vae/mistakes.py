"""Wrong solutions of `som_vae` that students write. They prove the checks, and they explain failures."""

from graders.guesses import slips_of_letter
from proctor.authoring.bank import Mistake

ENCODER = [
    Mistake(
        name="kernel_fixed",
        exercise="encoder",
        hint="Your first convolution has a kernel of 4 whatever `kernel_size` says.",
        changes=[("kernel_size[0], stride=strides[0]", "4, stride=strides[0]")],
    ),
    Mistake(
        name="kernels_exchanged",
        exercise="encoder",
        costly="No image passes the network.",
        hint="You give each convolution the kernel of the other.",
        changes=[
            ("kernel_size[0], stride", "kernel_size[-1], stride"),
            ("kernel_size[1], stride", "kernel_size[0], stride"),
        ],
    ),
    Mistake(
        name="strides_forgotten",
        exercise="encoder",
        hint="You never hand the strides on to the convolutions.",
        changes=[(", stride=strides[0]", ""), (", stride=strides[1]", "")],
    ),
    Mistake(
        name="second_from_images",
        exercise="encoder",
        costly="No image passes the network.",
        hint="Your second convolution expects the channels of the images. It gets those of the first.",
        changes=[("nn.Conv2d(n_channels[0], n_channels[1]", "nn.Conv2d(input_channels, n_channels[1]")],
    ),
    Mistake(
        name="gray_only",
        exercise="encoder",
        costly="No image passes the network.",
        hint="Your first convolution has one input channel whatever `input_channels` says.",
        changes=[("nn.Conv2d(input_channels,", "nn.Conv2d(1,")],
    ),
    Mistake(
        name="padded",
        exercise="encoder",
        hint="Your convolutions are padded, so that the pictures stay larger than the text says.",
        changes=[("stride=strides[0])", "stride=strides[0], padding=1)"), ("4 * 4 * n_channels", "5 * 5 * n_channels")],
    ),
    Mistake(
        name="no_relu",
        exercise="encoder",
        hint="There is no ReLU in your encoder: without one, two convolutions are no more than one.",
        changes=[("torch.relu(self.conv1(x))", "self.conv1(x)"), ("torch.relu(self.conv2(x))", "self.conv2(x)")],
    ),
    Mistake(
        name="second_relu_forgotten",
        exercise="encoder",
        hint="There is no ReLU after your second convolution.",
        changes=[("torch.relu(self.conv2(x))", "self.conv2(x)")],
    ),
    Mistake(
        name="relu_at_end",
        exercise="encoder",
        hint="You apply ReLU to the encodings. They may be negative.",
        changes=[
            ("return self.latent_transform(x.flatten(1))", "return torch.relu(self.latent_transform(x.flatten(1)))")
        ],
    ),
    Mistake(
        name="tanh_for_relu",
        exercise="encoder",
        hint="You use tanh in the place of ReLU.",
        changes=[
            ("torch.relu(self.conv1(x))", "torch.tanh(self.conv1(x))"),
            ("torch.relu(self.conv2(x))", "torch.tanh(self.conv2(x))"),
        ],
    ),
    Mistake(
        name="mean_pooling",
        exercise="encoder",
        hint="You pool by the mean. The largest of each 2 x 2 pixels is asked for.",
        changes=[
            ("self.maxpool1(torch.relu", "nn.functional.avg_pool2d(torch.relu"),
            ("self.conv1(x)))", "self.conv1(x)), 2)"),
        ],
    ),
    Mistake(
        name="channels_last",
        exercise="encoder",
        hint=("You move the channels to the end before the linear layer, so that its weights meet other numbers."),
        changes=[("x.flatten(1)", "x.permute(0, 2, 3, 1).flatten(1)")],
    ),
    Mistake(
        name="latent_dim_fixed",
        exercise="encoder",
        hint="Your encodings have 64 numbers whatever `latent_dim` says.",
        changes=[("n_channels[-1], latent_dim)", "n_channels[-1], 64)")],
    ),
    Mistake(
        name="noise_on_cpu",
        exercise="encoder",
        hint="You add a tensor that lies on the CPU, also where x is on a GPU.",
        changes=[
            (
                "return self.latent_transform(x.flatten(1))",
                "return self.latent_transform(x.flatten(1)) + torch.zeros(len(x), 1)",
            )
        ],
    ),
    Mistake(
        name="both_kernels_fixed",
        exercise="encoder",
        hint="Both of your convolutions have a kernel of 4 whatever `kernel_size` says.",
        changes=[
            ("kernel_size[0], stride", "4, stride"),
            ("kernel_size[1], stride", "4, stride"),
        ],
    ),
    Mistake(
        name="second_kernel_fixed",
        exercise="encoder",
        costly="No image passes the network.",
        hint="Your second convolution has a kernel of 4 whatever `kernel_size` says.",
        changes=[
            ("kernel_size[1], stride", "4, stride"),
        ],
    ),
    Mistake(
        name="first_kernel_twice",
        exercise="encoder",
        costly="No image passes the network.",
        hint="Your second convolution has the kernel of the first, `kernel_size[0]`. Its own is `kernel_size[1]`.",
        changes=[
            ("kernel_size[1], stride", "kernel_size[0], stride"),
        ],
    ),
    Mistake(
        name="first_stride_twice",
        exercise="encoder",
        hint="Your second convolution has the stride of the first, `strides[0]`. Its own is `strides[1]`.",
        changes=[
            ("stride=strides[1]", "stride=strides[0]"),
        ],
    ),
    Mistake(
        name="second_stride_twice",
        exercise="encoder",
        hint="Your first convolution has the stride of the second, `strides[1]`. Its own is `strides[0]`.",
        changes=[
            ("stride=strides[0]", "stride=strides[1]"),
        ],
    ),
    Mistake(
        name="first_stride_forgotten",
        exercise="encoder",
        hint="You do not hand the stride on to the first convolution.",
        changes=[
            (", stride=strides[0]", ""),
        ],
    ),
    Mistake(
        name="second_stride_forgotten",
        exercise="encoder",
        hint="You do not hand the stride on to the second convolution.",
        changes=[
            (", stride=strides[1]", ""),
        ],
    ),
    Mistake(
        name="first_relu_forgotten",
        exercise="encoder",
        hint="There is no ReLU after your first convolution.",
        changes=[
            ("torch.relu(self.conv1(x))", "self.conv1(x)"),
        ],
    ),
    Mistake(
        name="leaky_relu",
        exercise="encoder",
        hint="You use a leaky ReLU, which lets a hundredth of what is negative pass. ReLU is asked for.",
        changes=[
            ("torch.relu(self.conv1(x))", "F.leaky_relu(self.conv1(x))"),
            ("torch.relu(self.conv2(x))", "F.leaky_relu(self.conv2(x))"),
        ],
    ),
    Mistake(
        name="both_poolings_of_means",
        exercise="encoder",
        hint="Your two poolings take means. The largest of each 2 x 2 pixels is asked for.",
        changes=[
            ("x = self.maxpool1(torch.relu(self.conv1(x)))", "x = F.avg_pool2d(torch.relu(self.conv1(x)), 2)"),
            ("x = self.maxpool2(torch.relu(self.conv2(x)))", "x = F.avg_pool2d(torch.relu(self.conv2(x)), 2)"),
        ],
    ),
    Mistake(
        name="second_pooling_of_means",
        exercise="encoder",
        hint="Your second pooling takes means. The largest of each 2 x 2 pixels is asked for.",
        changes=[
            ("x = self.maxpool2(torch.relu(self.conv2(x)))", "x = F.avg_pool2d(torch.relu(self.conv2(x)), 2)"),
        ],
    ),
    Mistake(
        name="encoder_drops_out",
        exercise="encoder",
        hint="Your encoder gives something else in training mode. The text asks for neither dropout nor batch norm.",
        changes=[
            (
                "return self.latent_transform(x.flatten(1))",
                "return self.latent_transform(F.dropout(x.flatten(1), 0.5, self.training))",
            ),
        ],
    ),
    Mistake(
        name="images_mixed",
        exercise="encoder",
        hint="You make the rows across the images, so that each has numbers of several. `flatten(1)` keeps them apart.",
        changes=[
            ("x.flatten(1)", "x.reshape(-1, x.shape[0]).T"),
        ],
    ),
    Mistake(
        name="encodings_squeezed",
        exercise="encoder",
        hint="You squeeze the encodings. With a single image, that drops the axis of the batch.",
        changes=[
            ("return self.latent_transform(x.flatten(1))", "return self.latent_transform(x.flatten(1)).squeeze()"),
        ],
    ),
    Mistake(
        name="encodings_normalized",
        exercise="encoder",
        hint="You scale the encodings to length one. The linear layer is the last that the text asks for.",
        changes=[
            (
                "return self.latent_transform(x.flatten(1))",
                "return F.normalize(self.latent_transform(x.flatten(1)), dim=-1)",
            ),
        ],
    ),
    Mistake(
        name="sigmoid_at_end",
        exercise="encoder",
        hint="You put a sigmoid around the encodings. The linear layer is the end: points may lie anywhere.",
        changes=[
            ("return self.latent_transform(x.flatten(1))", "return torch.sigmoid(self.latent_transform(x.flatten(1)))")
        ],
    ),
    Mistake(
        name="tanh_of_encodings",
        exercise="encoder",
        hint="You put a tanh around the encodings. The linear layer is the end: points may lie anywhere.",
        changes=[
            ("return self.latent_transform(x.flatten(1))", "return torch.tanh(self.latent_transform(x.flatten(1)))")
        ],
    ),
    Mistake(
        name="gelu_for_relu",
        exercise="encoder",
        hint="You have a GELU after the convolutions, where a ReLU is asked for.",
        changes=[
            ("torch.relu(self.conv1(x))", "F.gelu(self.conv1(x))"),
            ("torch.relu(self.conv2(x))", "F.gelu(self.conv2(x))"),
        ],
    ),
    Mistake(
        name="rows_detached",
        exercise="encoder",
        hint=(
            "You cut the rows off from their gradient before the linear layer, so that the convolutions never learn."
        ),
        changes=[("self.latent_transform(x.flatten(1))", "self.latent_transform(x.flatten(1).detach())")],
    ),
    Mistake(
        name="pixels_scaled",
        exercise="encoder",
        hint="You divide the pixels by 255. They are between 0 and 1 already.",
        changes=[("self.conv1(x)", "self.conv1(x / 255)")],
    ),
    Mistake(
        name="convolutions_without_bias",
        exercise="encoder",
        hint="Your convolutions have no bias. The layers that are asked for have one.",
        changes=[
            ("stride=strides[0])", "stride=strides[0], bias=False)"),
            ("stride=strides[1])", "stride=strides[1], bias=False)"),
        ],
    ),
    Mistake(
        name="leaky_relu_of_a_fifth",
        exercise="encoder",
        hint="You use a leaky ReLU, which lets a fifth of what is negative pass. ReLU is asked for.",
        changes=[
            ("torch.relu(self.conv1(x))", "F.leaky_relu(self.conv1(x), 0.2)"),
            ("torch.relu(self.conv2(x))", "F.leaky_relu(self.conv2(x), 0.2)"),
        ],
    ),
    Mistake(
        name="elu_for_relu",
        exercise="encoder",
        hint="You have an ELU after the convolutions, where a ReLU is asked for.",
        changes=[
            ("torch.relu(self.conv1(x))", "F.elu(self.conv1(x))"),
            ("torch.relu(self.conv2(x))", "F.elu(self.conv2(x))"),
        ],
    ),
    Mistake(
        name="rows_of_2048",
        exercise="encoder",
        costly="With other channels than those of the notebook, no image passes the network.",
        hint="You cut the rows by 2048, which is their length for 128 channels only. `flatten(1)` fits any.",
        changes=[("x.flatten(1)", "x.reshape(-1, 2048)")],
    ),
    Mistake(
        name="linear_layer_of_2048",
        exercise="encoder",
        costly="With other channels than those of the notebook, no image passes the network.",
        hint="Your linear layer expects 2048 numbers, which is right for 128 channels only. Count by `n_channels`.",
        changes=[("nn.Linear(4 * 4 * n_channels[-1],", "nn.Linear(2048,")],
    ),
    Mistake(
        name="relu_of_the_images",
        exercise="encoder",
        hint="You put a ReLU around the images. The first convolution gets them as they are: noise may make "
        "pixels negative.",
        changes=[("self.conv1(x)", "self.conv1(torch.relu(x))")],
    ),
    Mistake(
        name="pixels_clamped",
        exercise="encoder",
        hint="You cut the pixels off at 0 and 1. The first convolution gets them as they are, with their noise.",
        changes=[("self.conv1(x)", "self.conv1(x.clamp(0, 1))")],
    ),
    Mistake(
        name="divided_by_the_largest_pixel",
        exercise="encoder",
        hint="You divide by the largest pixel of the batch, so that an image is encoded otherwise among other "
        "images. It goes into the first convolution as it is.",
        changes=[("self.conv1(x)", "self.conv1(x / x.max())")],
    ),
    Mistake(
        name="each_divided_by_its_largest_pixel",
        exercise="encoder",
        hint="You divide each image by its largest pixel. It goes into the first convolution as it is.",
        changes=[("self.conv1(x)", "self.conv1(x / x.amax(dim=(1, 2, 3), keepdim=True))")],
    ),
    Mistake(
        name="images_centered",
        exercise="encoder",
        hint="You subtract the mean of all pixels first. The images go into the first convolution as they are.",
        changes=[("self.conv1(x)", "self.conv1(x - x.mean())")],
    ),
    Mistake(
        name="pixels_from_minus_one",
        exercise="encoder",
        hint="You stretch the pixels to go from -1 to 1. The images go into the first convolution as they are.",
        changes=[("self.conv1(x)", "self.conv1(2 * x - 1)")],
    ),
    Mistake(
        name="strides_exchanged",
        exercise="encoder",
        hint="You give each convolution the stride of the other.",
        changes=[("stride=strides[0]", "stride=strides[-1]"), ("stride=strides[1]", "stride=strides[0]")],
    ),
    Mistake(
        name="first_convolution_without_bias",
        exercise="encoder",
        hint="Your first convolution has no bias. The layers that are asked for have one.",
        changes=[("stride=strides[0])", "stride=strides[0], bias=False)")],
    ),
    Mistake(
        name="second_convolution_without_bias",
        exercise="encoder",
        hint="Your second convolution has no bias. The layers that are asked for have one.",
        changes=[("stride=strides[1])", "stride=strides[1], bias=False)")],
    ),
    Mistake(
        name="linear_layer_without_bias",
        exercise="encoder",
        hint="Your linear layer has no bias. The layers that are asked for have one.",
        changes=[("latent_dim)\n", "latent_dim, bias=False)\n")],
    ),
    Mistake(
        name="channels_inserted_in_place",
        exercise="encoder",
        hint="You insert into the list `n_channels` itself: it is the caller's, or the default of every other "
        "encoder, which then gets one number more each time. Make a list of your own.",
        changes=[
            (
                "self.conv1 = nn.Conv2d(input_channels, n_channels[0]",
                (
                    "n_channels.insert(0, input_channels)\n"
                    "        self.conv1 = nn.Conv2d(n_channels[0], n_channels[1]"
                ),
            ),
            (
                "self.conv2 = nn.Conv2d(n_channels[0], n_channels[1]",
                "self.conv2 = nn.Conv2d(n_channels[1], n_channels[2]",
            ),
        ],
    ),
    Mistake(
        name="columns_first",
        exercise="encoder",
        hint="You swap height and width before you make the rows, so that the linear layer's weights meet other "
        "numbers. Each channel goes row after row.",
        changes=[("x.flatten(1)", "x.transpose(2, 3).flatten(1)")],
    ),
    Mistake(
        name="channels_last_columns_first",
        exercise="encoder",
        hint="You turn the axes round before you make the rows, channels last and width first. `flatten(1)` takes "
        "them as they are.",
        changes=[("x.flatten(1)", "x.permute(0, 3, 2, 1).flatten(1)")],
    ),
    Mistake(
        name="mnist_normalized",
        exercise="encoder",
        hint="You normalize the pixels by MNIST's mean and deviation. The images go into the first convolution as they "
        "are.",
        changes=[("torch.relu(self.conv1(x))", "torch.relu(self.conv1((x - 0.1307) / 0.3081))")],
    ),
    Mistake(
        name="second_kernel_twice",
        exercise="encoder",
        hint="Both of your convolutions have the second kernel size. That of `conv1` is the first.",
        changes=[
            ("kernel_size[0], stride", "kernel_size[1], stride"),
        ],
    ),
    Mistake(
        name="lists_taken_for_height_and_width",
        exercise="encoder",
        hint=(
            "You give both convolutions the whole lists, as height and width. Each convolution has one number of "
            "each list."
        ),
        costly="No convolution has its sizes, so that most images do not fit.",
        changes=[
            ("kernel_size[0], stride=strides[0]", "kernel_size, stride=strides"),
            ("kernel_size[1], stride=strides[1]", "kernel_size, stride=strides"),
        ],
    ),
    Mistake(
        name="forward_without_gradients",
        exercise="encoder",
        hint="Your `forward` runs under `no_grad`, so that the encoder never learns.",
        changes=[
            (
                "        x = self.maxpool1(torch.relu(self.conv1(x)))\n"
                "        x = self.maxpool2(torch.relu(self.conv2(x)))\n"
                "        return self.latent_transform(x.flatten(1))",
                "        with torch.no_grad():\n"
                "            x = self.maxpool1(torch.relu(self.conv1(x)))\n"
                "            x = self.maxpool2(torch.relu(self.conv2(x)))\n"
                "            return self.latent_transform(x.flatten(1))",
            ),
        ],
    ),
]

DECODER = [
    Mistake(
        name="sizes_reversed_in_place",
        exercise="decoder",
        hint="You turn the list `flatten_shape` round in place: it is the caller's, or the default of every other "
        "decoder, which then has its sizes the wrong way round. Make a list of your own.",
        changes=[
            (
                "width, height, channels = flatten_shape",
                "flatten_shape.reverse()\n        channels, height, width = flatten_shape",
            ),
            ("width, height, channels = self.flatten_shape", "channels, height, width = self.flatten_shape"),
        ],
    ),
    Mistake(
        name="no_sigmoid",
        exercise="decoder",
        hint="Your pixels go below 0 and above 1: the sigmoid is missing.",
        changes=[("torch.sigmoid(self.out_transform(x))", "self.out_transform(x)")],
    ),
    Mistake(
        name="clamped",
        exercise="decoder",
        hint="You cut the pixels off at 0 and 1, where no gradient is left. A sigmoid is asked for.",
        changes=[("torch.sigmoid(self.out_transform(x))", "self.out_transform(x).clamp(0, 1)")],
    ),
    Mistake(
        name="relu_before_sigmoid",
        exercise="decoder",
        hint="You apply ReLU before the sigmoid, so that no pixel is darker than 0.5.",
        changes=[("torch.sigmoid(self.out_transform(x))", "torch.sigmoid(torch.relu(self.out_transform(x)))")],
    ),
    Mistake(
        name="tanh_at_end",
        exercise="decoder",
        hint="Your pixels go from -1 to 1: that is tanh. A sigmoid is asked for.",
        changes=[("torch.sigmoid(", "torch.tanh(")],
    ),
    Mistake(
        name="height_and_width_exchanged",
        exercise="decoder",
        hint=("You exchange width and height of the small picture: `flatten_shape` is [width, height, channels]."),
        changes=[("width, height, channels = self.flatten_shape", "height, width, channels = self.flatten_shape")],
    ),
    Mistake(
        name="channels_last_in_picture",
        exercise="decoder",
        hint=("You give the small picture its channels last and then move them. The published order has them first."),
        changes=[("reshape(-1, channels, height, width)", "reshape(-1, height, width, channels).permute(0, 3, 1, 2)")],
    ),
    Mistake(
        name="relu_after_linear",
        exercise="decoder",
        hint="There is a ReLU after your linear layer. None is asked for there.",
        changes=[("x = self.latent_transform(z)", "x = torch.relu(self.latent_transform(z))")],
    ),
    Mistake(
        name="relus_forgotten",
        exercise="decoder",
        hint="There is no ReLU in your decoder.",
        changes=[
            (
                "torch.relu(self.deconv1(F.interpolate(x, scale_factor=2)))",
                "self.deconv1(F.interpolate(x, scale_factor=2))",
            ),
            (
                "torch.relu(self.deconv2(F.interpolate(x, size=self.output_size)))",
                "self.deconv2(F.interpolate(x, size=self.output_size))",
            ),
        ],
    ),
    Mistake(
        name="bilinear",
        exercise="decoder",
        hint=("You enlarge with straight lines between the pixels. Repeating the pixels, the default, is asked for."),
        changes=[("size=self.output_size)", 'size=self.output_size, mode="bilinear")')],
    ),
    Mistake(
        name="always_28",
        exercise="decoder",
        hint="Your images are 28 x 28 whatever `output_size` says.",
        changes=[("size=self.output_size", "size=(28, 28)")],
    ),
    Mistake(
        name="not_enlarged_first",
        exercise="decoder",
        hint="Your `deconv1` gets the small picture as it is. Make it twice as large first: after `deconv1`, that "
        "changes nothing.",
        changes=[("F.interpolate(x, scale_factor=2)", "x")],
    ),
    Mistake(
        name="padding_forgotten",
        exercise="decoder",
        hint="Your `deconv2` has no padding, so that the image shrinks by two pixels.",
        changes=[(", padding=1", "")],
    ),
    Mistake(
        name="one_channel_out",
        exercise="decoder",
        hint="Your images have one channel whatever `output_channels` says.",
        changes=[("n_channels[1], output_channels, 1)", "n_channels[1], 1, 1)")],
    ),
    Mistake(
        name="transposed_convolution",
        exercise="decoder",
        hint=("Your `deconv1` is a transposed convolution. Despite its name, a convolution is asked for."),
        changes=[("self.deconv1 = nn.Conv2d", "self.deconv1 = nn.ConvTranspose2d")],
    ),
    Mistake(
        name="relu_after_deconv1_forgotten",
        exercise="decoder",
        hint="There is no ReLU after your `deconv1`.",
        changes=[
            (
                "torch.relu(self.deconv1(F.interpolate(x, scale_factor=2)))",
                "self.deconv1(F.interpolate(x, scale_factor=2))",
            ),
        ],
    ),
    Mistake(
        name="relu_after_deconv2_forgotten",
        exercise="decoder",
        hint="There is no ReLU after your `deconv2`.",
        changes=[
            (
                "torch.relu(self.deconv2(F.interpolate(x, size=self.output_size)))",
                "self.deconv2(F.interpolate(x, size=self.output_size))",
            ),
        ],
    ),
    Mistake(
        name="both_bilinear",
        exercise="decoder",
        hint=(
            "You enlarge twice with straight lines between the pixels. Repeating the pixels, the default, "
            "is asked for."
        ),
        changes=[
            ("scale_factor=2)", "scale_factor=2, mode=\"bilinear\")"),
            ("size=self.output_size)", "size=self.output_size, mode=\"bilinear\")"),
        ],
    ),
    Mistake(
        name="enlarged_at_last",
        exercise="decoder",
        hint="Your `deconv2` has no padding, and you enlarge its image once more. With `padding=1` it keeps its size.",
        changes=[
            (", padding=1", ""),
            (
                "return torch.sigmoid(self.out_transform(x))",
                "return torch.sigmoid(self.out_transform(F.interpolate(x, size=self.output_size)))",
            ),
        ],
    ),
    Mistake(
        name="enlarged_after_deconv2",
        exercise="decoder",
        hint="You enlarge to the size of the image after `deconv2`. It comes before.",
        changes=[
            (
                "torch.relu(self.deconv2(F.interpolate(x, size=self.output_size)))",
                "F.interpolate(torch.relu(self.deconv2(x)), size=self.output_size)",
            ),
        ],
    ),
    Mistake(
        name="always_8_first",
        exercise="decoder",
        hint="You enlarge the small picture to 8 x 8 whatever its size is. It becomes twice as large.",
        changes=[
            ("scale_factor=2", "size=(8, 8)"),
        ],
    ),
    Mistake(
        name="pictures_mixed",
        exercise="decoder",
        hint="You cut the rows with the channels before the batch, which mixes the pictures of different points.",
        changes=[
            ("reshape(-1, channels, height, width)", "reshape(channels, -1, height, width).transpose(0, 1)"),
        ],
    ),
    Mistake(
        name="stride_of_deconv2_twice",
        exercise="decoder",
        costly="The layers after it get pictures of other sizes.",
        hint="Your `deconv1` has the stride of `deconv2`. Its own is `strides[0]`.",
        changes=[
            ("stride=strides[0]", "stride=strides[1]"),
        ],
    ),
    Mistake(
        name="stride_of_deconv1_twice",
        exercise="decoder",
        costly="The images have another size.",
        hint="Your `deconv2` has the stride of `deconv1`. Its own is `strides[1]`.",
        changes=[
            ("stride=strides[1]", "stride=strides[0]"),
        ],
    ),
    Mistake(
        name="tanh_moved",
        exercise="decoder",
        hint=(
            "Your pixels are (tanh + 1) / 2, which is as steep as a sigmoid of twice the number. A sigmoid "
            "is asked for."
        ),
        changes=[
            ("return torch.sigmoid(self.out_transform(x))", "return (torch.tanh(self.out_transform(x)) + 1) / 2"),
        ],
    ),
    Mistake(
        name="decoder_leaky_relu",
        exercise="decoder",
        hint="You use a leaky ReLU, which lets a hundredth of what is negative pass. ReLU is asked for.",
        changes=[
            (
                "torch.relu(self.deconv1(F.interpolate(x, scale_factor=2)))",
                "F.leaky_relu(self.deconv1(F.interpolate(x, scale_factor=2)))",
            ),
            (
                "torch.relu(self.deconv2(F.interpolate(x, size=self.output_size)))",
                "F.leaky_relu(self.deconv2(F.interpolate(x, size=self.output_size)))",
            ),
        ],
    ),
    Mistake(
        name="decoder_drops_out",
        exercise="decoder",
        hint=(
            "Your decoder gives something else in training mode, such as by a dropout, or by what it draws or keeps. "
            "None of that is asked for."
        ),
        changes=[
            (
                "return torch.sigmoid(self.out_transform(x))",
                "return torch.sigmoid(self.out_transform(F.dropout(x, 0.5, self.training)))",
            ),
        ],
    ),
    Mistake(
        name="images_squeezed",
        exercise="decoder",
        hint="You squeeze the images. With a single point, that drops the axis of the batch.",
        changes=[
            ("return torch.sigmoid(self.out_transform(x))", "return torch.sigmoid(self.out_transform(x)).squeeze()"),
        ],
    ),
    Mistake(
        name="small_picture_on_cpu",
        exercise="decoder",
        hint="You add a tensor that lies on the CPU, also where z is on a GPU.",
        changes=[
            (
                "    return torch.sigmoid(self.out_transform(x))",
                "    return torch.sigmoid(self.out_transform(x + torch.zeros(len(z), 1, 1, 1)))",
            ),
        ],
    ),
    Mistake(
        name="enlarged_fourfold",
        exercise="decoder",
        hint="You make the small picture four times as large. Twice is asked for.",
        changes=[("scale_factor=2", "scale_factor=4")],
    ),
    Mistake(
        name="sigmoid_before_last",
        exercise="decoder",
        hint="You put the sigmoid before `out_transform`, so that pixels may lie anywhere. It comes last.",
        changes=[("torch.sigmoid(self.out_transform(x))", "self.out_transform(torch.sigmoid(x))")],
    ),
    Mistake(
        name="first_padded_too",
        exercise="decoder",
        hint="Your `deconv1` is padded. Only `deconv2` is.",
        changes=[("kernel_size[0], stride=strides[0])", "kernel_size[0], stride=strides[0], padding=1)")],
    ),
    Mistake(
        name="padding_of_two",
        exercise="decoder",
        hint="You pad `deconv2` by two pixels. One is asked for.",
        changes=[("padding=1", "padding=2")],
    ),
    Mistake(
        name="softmax_over_channels",
        exercise="decoder",
        hint="You have a softmax over the channels at the end. Each pixel has a sigmoid of its own.",
        changes=[("torch.sigmoid(self.out_transform(x))", "torch.softmax(self.out_transform(x), dim=1)")],
    ),
    Mistake(
        name="enlarged_bicubically",
        exercise="decoder",
        hint="You enlarge the second time by a bicubic rule. The default, the nearest pixel, is asked for.",
        changes=[
            ("F.interpolate(x, size=self.output_size)", "F.interpolate(x, size=self.output_size, mode='bicubic')")
        ],
    ),
    Mistake(
        name="last_kernel_of_three",
        exercise="decoder",
        hint="Your `out_transform` has a kernel of 3. It looks at one pixel at a time: a kernel of 1.",
        changes=[("output_channels, 1)", "output_channels, 3, padding=1)")],
    ),
    Mistake(
        name="points_detached",
        exercise="decoder",
        hint="You cut the points off from their gradient, so that what made them never learns.",
        changes=[("self.latent_transform(z)", "self.latent_transform(z.detach())")],
    ),
    Mistake(
        name="flatten_shape_as_given",
        exercise="decoder",
        costly="The convolutions get pictures with other channels than they have.",
        hint="You take `flatten_shape` for the picture's shape. It is [width, height, channels]; PyTorch wants the "
        "channels first, then height and width.",
        changes=[("reshape(-1, channels, height, width)", "reshape(-1, width, height, channels)")],
    ),
    Mistake(
        name="channels_left_last",
        exercise="decoder",
        costly="The convolutions get pictures with other channels than they have.",
        hint="Your small picture has its channels last. PyTorch's convolutions take them for the first of three.",
        changes=[("reshape(-1, channels, height, width)", "reshape(-1, height, width, channels)")],
    ),
    Mistake(
        name="decoder_leaky_relu_of_a_fifth",
        exercise="decoder",
        hint="You use a leaky ReLU, which lets a fifth of what is negative pass. ReLU is asked for.",
        changes=[
            (
                "torch.relu(self.deconv1(F.interpolate(x, scale_factor=2)))",
                "F.leaky_relu(self.deconv1(F.interpolate(x, scale_factor=2)), 0.2)",
            ),
            (
                "torch.relu(self.deconv2(F.interpolate(x, size=self.output_size)))",
                "F.leaky_relu(self.deconv2(F.interpolate(x, size=self.output_size)), 0.2)",
            ),
        ],
    ),
    Mistake(
        name="output_size_turned_round",
        exercise="decoder",
        hint="You take `output_size` for (width, height). It is (height, width), the order that PyTorch has as well.",
        changes=[("size=self.output_size)", "size=self.output_size[::-1])")],
    ),
    Mistake(
        name="as_wide_as_high",
        exercise="decoder",
        hint="Your images are as wide as they are high. `output_size` has two numbers, height and width.",
        changes=[("size=self.output_size)", "size=self.output_size[0])")],
    ),
    Mistake(
        name="enlarged_by_the_factor_of_the_height",
        exercise="decoder",
        hint="You enlarge both sides by the factor that the height needs. Hand `output_size` on: each side has "
        "its own.",
        changes=[
            (
                "        x = torch.relu(self.deconv2(F.interpolate(x, size=self.output_size)))",
                (
                    "        x = torch.relu(self.deconv2(F.interpolate(x, scale_factor=self.output_size[0] / "
                    "x.shape[2])))"
                ),
            )
        ],
    ),
    Mistake(
        name="enlarged_nearest_exact",
        exercise="decoder",
        hint="You enlarge the second time by `nearest-exact`, which repeats other pixels than the default does.",
        changes=[("size=self.output_size)", 'size=self.output_size, mode="nearest-exact")')],
    ),
    Mistake(
        name="enlarged_by_area",
        exercise="decoder",
        hint="You enlarge the second time by `area`, which mixes neighboring pixels. The default, which repeats "
        "them, is asked for.",
        changes=[("size=self.output_size)", 'size=self.output_size, mode="area")')],
    ),
    Mistake(
        name="first_bilinear",
        exercise="decoder",
        hint="You enlarge the small picture with straight lines between the pixels. Repeating the pixels, the "
        "default, is asked for.",
        changes=[("scale_factor=2)", 'scale_factor=2, mode="bilinear")')],
    ),
    Mistake(
        name="deconv1_from_n_channels",
        exercise="decoder",
        costly="With other channels than those of the notebook, no picture passes the network.",
        hint="Your `deconv1` expects `n_channels[0]` channels. It gets those of the small picture, `flatten_shape[2]`.",
        changes=[("nn.Conv2d(channels, n_channels[0]", "nn.Conv2d(n_channels[0], n_channels[0]")],
    ),
    Mistake(
        name="deconv2_from_its_own_channels",
        exercise="decoder",
        costly="With other channels than those of the notebook, no picture passes the network.",
        hint="Your `deconv2` expects as many channels as it makes. It gets those of `deconv1`, `n_channels[0]`.",
        changes=[("nn.Conv2d(n_channels[0], n_channels[1]", "nn.Conv2d(n_channels[1], n_channels[1]")],
    ),
    Mistake(
        name="deconv2_from_the_small_picture",
        exercise="decoder",
        costly="With other channels than those of the notebook, no picture passes the network.",
        hint="Your `deconv2` expects the channels of the small picture. It gets those of `deconv1`, `n_channels[0]`.",
        changes=[("nn.Conv2d(n_channels[0], n_channels[1]", "nn.Conv2d(channels, n_channels[1]")],
    ),
    Mistake(
        name="out_transform_from_deconv1",
        exercise="decoder",
        costly="With other channels than those of the notebook, no picture passes the network.",
        hint="Your `out_transform` expects the channels of `deconv1`. It gets those of `deconv2`, `n_channels[1]`.",
        changes=[("nn.Conv2d(n_channels[1], output_channels", "nn.Conv2d(n_channels[0], output_channels")],
    ),
    Mistake(
        name="second_transposed_convolution",
        exercise="decoder",
        hint="Your `deconv2` is a transposed convolution. Despite its name, a convolution is asked for.",
        changes=[("self.deconv2 = nn.Conv2d(", "self.deconv2 = nn.ConvTranspose2d(")],
    ),
    Mistake(
        name="both_transposed_convolutions",
        exercise="decoder",
        hint="Your `deconv1` and `deconv2` are transposed convolutions. Despite their names, convolutions are "
        "asked for.",
        changes=[
            ("self.deconv1 = nn.Conv2d(", "self.deconv1 = nn.ConvTranspose2d("),
            ("self.deconv2 = nn.Conv2d(", "self.deconv2 = nn.ConvTranspose2d("),
        ],
    ),
    Mistake(
        name="stretched_to_black_and_white",
        exercise="decoder",
        hint="You stretch each image from its darkest pixel to its brightest. A sigmoid of each pixel is asked for.",
        changes=[
            (
                "return torch.sigmoid(self.out_transform(x))",
                (
                    "x = self.out_transform(x)\n"
                    "        low, high = x.amin(dim=(1, 2, 3), keepdim=True), x.amax(dim=(1, 2, 3), keepdim=True)\n"
                    "        return (x - low) / (high - low)"
                ),
            )
        ],
    ),
    Mistake(
        name="batch_stretched_to_black_and_white",
        exercise="decoder",
        hint="You stretch the pixels of the whole batch from the darkest to the brightest. A sigmoid of each "
        "pixel is asked for.",
        changes=[
            (
                "return torch.sigmoid(self.out_transform(x))",
                "x = self.out_transform(x)\n        return (x - x.min()) / (x.max() - x.min())",
            )
        ],
    ),
    Mistake(
        name="padding_of_half_the_kernel",
        exercise="decoder",
        hint="You pad `deconv2` by half of its kernel. The text asks for `padding=1` whatever the kernel is.",
        changes=[("padding=1", "padding=kernel_size[1] // 2")],
    ),
    Mistake(
        name="padding_called_same",
        exercise="decoder",
        hint='You pad `deconv2` by `"same"`, which changes with the kernel and takes no other stride than 1. The '
        "text asks for `padding=1`.",
        changes=[("padding=1", 'padding="same"')],
    ),
    Mistake(
        name="small_picture_detached",
        exercise="decoder",
        hint="You cut the small picture off from the linear layer (`.data`, `detach`), so that neither that layer "
        "nor the encoder ever learns.",
        changes=[("self.latent_transform(z).reshape", "self.latent_transform(z).detach().reshape")],
    ),
    Mistake(
        name="kernel_of_deconv1_twice",
        exercise="decoder",
        hint="Your `deconv2` has the kernel of `deconv1`. Its own is `kernel_size[1]`.",
        changes=[("kernel_size[1]", "kernel_size[0]")],
    ),
    Mistake(
        name="kernel_of_deconv2_twice",
        exercise="decoder",
        hint="Your `deconv1` has the kernel of `deconv2`. Its own is `kernel_size[0]`.",
        changes=[("kernel_size[0], stride", "kernel_size[-1], stride")],
    ),
    Mistake(
        name="kernel_of_deconv1_fixed",
        exercise="decoder",
        hint="Your `deconv1` has a kernel of 4 whatever `kernel_size` says.",
        changes=[("kernel_size[0], stride", "4, stride")],
    ),
    Mistake(
        name="kernel_of_deconv2_fixed",
        exercise="decoder",
        hint="Your `deconv2` has a kernel of 3 whatever `kernel_size` says.",
        changes=[("kernel_size[1], stride", "3, stride")],
    ),
    Mistake(
        name="stride_of_deconv1_forgotten",
        exercise="decoder",
        costly="The layers after it get pictures of other sizes.",
        hint="You do not hand the stride on to `deconv1`.",
        changes=[(", stride=strides[0]", "")],
    ),
    Mistake(
        name="stride_of_deconv2_forgotten",
        exercise="decoder",
        hint="You do not hand the stride on to `deconv2`.",
        changes=[(", stride=strides[1]", "")],
    ),
    Mistake(
        name="both_strides_forgotten",
        exercise="decoder",
        costly="The layers after it get pictures of other sizes.",
        hint="You never hand the strides on to the convolutions.",
        changes=[(", stride=strides[0]", ""), (", stride=strides[1]", "")],
    ),
    Mistake(
        name="width_cut_before_height_and_channels",
        exercise="decoder",
        hint=(
            "You cut the rows as `flatten_shape` lists them, (width, height, channels), and swap the axes "
            "afterwards. The numbers stand channels first, then height, then width."
        ),
        changes=[
            (
                ".reshape(-1, channels, height, width)",
                ".reshape(\n            -1, width, height, channels).permute(0, 3, 2, 1)",
            ),
        ],
    ),
    Mistake(
        name="kernels_written_as_numbers",
        exercise="decoder",
        hint="You write the sizes of the kernels as the numbers 4 and 3. They are arguments: `kernel_size`.",
        changes=[
            ("kernel_size[0], stride=strides[0]", "4, stride=strides[0]"),
            ("kernel_size[1], stride=strides[1]", "3, stride=strides[1]"),
        ],
    ),
]

NEAREST_NODE = [
    Mistake(
        name="farthest",
        exercise="nearest_node",
        hint="You take the node with the largest distance.",
        changes=[(".argmin(dim=-1)", ".argmax(dim=-1)")],
    ),
    Mistake(
        name="absolute_differences",
        exercise="nearest_node",
        hint="You sum absolute differences. Squared ones are asked for.",
        changes=[("((z_e.unsqueeze(1) - nodes) ** 2).sum(dim=-1)", "(z_e.unsqueeze(1) - nodes).abs().sum(dim=-1)")],
    ),
    Mistake(
        name="mean_over_dimensions",
        exercise="nearest_node",
        hint="You take the mean over the latent dimensions. The sum is asked for.",
        changes=[("** 2).sum(dim=-1)", "** 2).mean(dim=-1)")],
    ),
    Mistake(
        name="root_taken",
        exercise="nearest_node",
        hint="You take the root of the sums. The squared distances are asked for.",
        changes=[("** 2).sum(dim=-1)", "** 2).sum(dim=-1).sqrt()")],
    ),
    Mistake(
        name="not_squared",
        exercise="nearest_node",
        hint="You forget to square the differences, so that they cancel out.",
        changes=[("((z_e.unsqueeze(1) - nodes) ** 2)", "(z_e.unsqueeze(1) - nodes)")],
    ),
    Mistake(
        name="numbered_by_columns",
        exercise="nearest_node",
        hint="You number the nodes column after column. They are numbered row after row.",
        changes=[("nodes = embeddings.flatten(0, 1)", "nodes = embeddings.transpose(0, 1).flatten(0, 1)")],
    ),
    Mistake(
        name="embeddings_reshaped",
        exercise="nearest_node",
        hint="You reshape the embeddings with the latent dimension first, which mixes the nodes.",
        changes=[("nodes = embeddings.flatten(0, 1)", "nodes = embeddings.reshape(embeddings.shape[-1], -1).T")],
    ),
    Mistake(
        name="summed_over_batch",
        exercise="nearest_node",
        hint=("You look for the nearest encoding of each node (dim=0), and not for the nearest node of each encoding."),
        changes=[("argmin(dim=-1)", "argmin(dim=0)")],
    ),
    Mistake(
        name="over_everything",
        exercise="nearest_node",
        hint=("Your argmin runs over the whole batch at once. Each encoding has a nearest node of its own (dim=-1)."),
        changes=[("z_dist_flat.argmin(dim=-1)", "z_dist_flat.argmin()")],
    ),
    Mistake(
        name="distances_on_grid",
        exercise="nearest_node",
        hint=(
            "Your distances have the rows and columns of the map. One axis for all nodes is asked for, row after row."
        ),
        changes=[
            (
                "    k = z_dist_flat.argmin(dim=-1)",
                (
                    "    k = z_dist_flat.argmin(dim=-1)\n"
                    "    z_dist_flat = z_dist_flat.reshape(-1, *embeddings.shape[:2])"
                ),
            )
        ],
    ),
    Mistake(
        name="one_column_of_nodes",
        exercise="nearest_node",
        hint="Your k has a second axis. It is one number for each encoding.",
        changes=[("argmin(dim=-1)", "argmin(dim=-1, keepdim=True)")],
    ),
    Mistake(
        name="row_of_node",
        exercise="nearest_node",
        hint="Your k is the row of the node, and not its number.",
        changes=[("argmin(dim=-1)", "argmin(dim=-1) // embeddings.shape[1]")],
    ),
    Mistake(
        name="inner_product",
        exercise="nearest_node",
        hint="You measure with inner products. A long embedding then looks near to everything.",
        changes=[("((z_e.unsqueeze(1) - nodes) ** 2).sum(dim=-1)", "-(z_e.unsqueeze(1) * nodes).sum(dim=-1)")],
    ),
    Mistake(
        name="distances_detached",
        exercise="nearest_node",
        hint="You cut the distances off from their gradient. The smoothness loss needs it.",
        changes=[("** 2).sum(dim=-1)", "** 2).sum(dim=-1).detach()")],
    ),
    Mistake(
        name="embeddings_detached",
        exercise="nearest_node",
        hint="You cut the embeddings off from their gradient, so that distances never move a node.",
        changes=[("nodes = embeddings.flatten(0, 1)", "nodes = embeddings.flatten(0, 1).detach()")],
    ),
    Mistake(
        name="loop_over_batch",
        exercise="nearest_node",
        hint="You go through the batch in a Python loop. Broadcasting does it at once.",
        changes=[
            (
                "z_dist_flat = ((z_e.unsqueeze(1) - nodes) ** 2).sum(dim=-1)",
                "z_dist_flat = torch.stack([((one - nodes) ** 2).sum(dim=-1) for one in z_e])",
            )
        ],
    ),
    Mistake(
        name="filled_on_cpu",
        exercise="nearest_node",
        hint="You fill a tensor that lies on the CPU, also where the encodings are on a GPU.",
        changes=[
            (
                "    k = z_dist_flat",
                "    z_dist_flat = z_dist_flat + torch.zeros(len(z_e), len(nodes))\n    k = z_dist_flat",
            )
        ],
    ),
    Mistake(
        name="encodings_detached",
        exercise="nearest_node",
        hint="You cut the encodings off from their gradient, so that distances never move the encoder.",
        changes=[
            ("(z_e.unsqueeze(1) - nodes)", "(z_e.detach().unsqueeze(1) - nodes)"),
        ],
    ),
    Mistake(
        name="numbers_of_32_bits",
        exercise="nearest_node",
        hint="Your k is int32. To index with, it should be long, as `argmin` gives it.",
        changes=[
            ("argmin(dim=-1)", "argmin(dim=-1).int()"),
        ],
    ),
    Mistake(
        name="distances_first",
        exercise="nearest_node",
        costly="Each is looked for in the place of the other.",
        hint="You return the distances first. k comes first, then `z_dist_flat`.",
        changes=[
            ("return k, z_dist_flat", "return z_dist_flat, k"),
        ],
    ),
    Mistake(
        name="map_of_64_nodes",
        exercise="nearest_node",
        hint="You look at 64 nodes, as many as the map of the notebook has. A map may have any size.",
        changes=[
            ("embeddings.flatten(0, 1)", "embeddings.flatten(0, 1)[:64]"),
        ],
    ),
    Mistake(
        name="counted_from_one",
        exercise="nearest_node",
        hint="You count the nodes from one. They are counted from zero.",
        changes=[("argmin(dim=-1)", "argmin(dim=-1) + 1")],
    ),
    Mistake(
        name="smallest_distance_returned",
        exercise="nearest_node",
        hint="You return the smallest distance. The number of the node that has it is asked for: `argmin`.",
        changes=[("z_dist_flat.argmin(dim=-1)", "z_dist_flat.min(dim=-1).values")],
    ),
    Mistake(
        name="sum_of_difference_squared",
        exercise="nearest_node",
        hint="You add up the differences and then square the sum, so that they cancel each other. Square first.",
        changes=[("((z_e.unsqueeze(1) - nodes) ** 2).sum(dim=-1)", "(z_e.unsqueeze(1) - nodes).sum(dim=-1) ** 2")],
    ),
    Mistake(
        name="lengths_compared",
        exercise="nearest_node",
        hint="You compare the lengths of encodings and nodes. It is the length of their difference that counts.",
        changes=[
            (
                "((z_e.unsqueeze(1) - nodes) ** 2).sum(dim=-1)",
                "((z_e**2).sum(-1, keepdim=True) - (nodes**2).sum(-1)).abs()",
            )
        ],
    ),
    Mistake(
        name="norm_of_the_encoding_left_out",
        exercise="nearest_node",
        hint="You expand the square and leave out the encoding's own part. It does not change which node is nearest, "
        "but the distances are asked for as well.",
        changes=[
            ("((z_e.unsqueeze(1) - nodes) ** 2).sum(dim=-1)", "(nodes**2).sum(dim=-1) - 2 * z_e @ nodes.T"),
        ],
    ),
    Mistake(
        name="norm_of_the_nodes_left_out",
        exercise="nearest_node",
        hint="You expand the square and leave out the nodes' own part, (nodes ** 2).",
        changes=[
            (
                "((z_e.unsqueeze(1) - nodes) ** 2).sum(dim=-1)",
                "(z_e**2).sum(dim=-1, keepdim=True) - 2 * z_e @ nodes.T",
            ),
        ],
    ),
    Mistake(
        name="product_not_doubled",
        exercise="nearest_node",
        hint="You expand the square, but the product of encoding and node comes twice in it.",
        changes=[
            (
                "((z_e.unsqueeze(1) - nodes) ** 2).sum(dim=-1)",
                "(z_e**2).sum(dim=-1, keepdim=True) + (nodes**2).sum(dim=-1) - z_e @ nodes.T",
            ),
        ],
    ),
    Mistake(
        name="product_added",
        exercise="nearest_node",
        hint="You expand the square of a sum. In that of a difference, the product of encoding and node is subtracted.",
        changes=[("(z_e.unsqueeze(1) - nodes)", "(z_e.unsqueeze(1) + nodes)")],
    ),
    Mistake(
        name="row_times_rows",
        exercise="nearest_node",
        hint="You multiply the row by the number of rows. A row has as many nodes as there are columns.",
        changes=[
            (
                "    k = z_dist_flat.argmin(dim=-1)",
                "    k = z_dist_flat.argmin(dim=-1)\n"
                "    k = k // embeddings.shape[1] * embeddings.shape[0] + k % embeddings.shape[1]",
            )
        ],
    ),
    Mistake(
        name="column_of_node",
        exercise="nearest_node",
        hint="Your k is the column of the node, and not its number.",
        changes=[("argmin(dim=-1)", "argmin(dim=-1) % embeddings.shape[1]")],
    ),
    Mistake(
        name="nearest_by_cosine",
        exercise="nearest_node",
        hint="You choose the node by its cosine similarity. The nearest is that with the smallest squared distance.",
        changes=[
            (
                "z_dist_flat.argmin(dim=-1)",
                "F.cosine_similarity(z_e.unsqueeze(1), nodes, dim=-1).argmax(dim=-1)",
            )
        ],
    ),
    Mistake(
        name="nearest_by_product",
        exercise="nearest_node",
        hint="You choose the node by its inner product with the encoding. The nearest is that with the smallest "
        "squared distance.",
        changes=[("z_dist_flat.argmin(dim=-1)", "(z_e @ nodes.T).argmax(dim=-1)")],
    ),
    Mistake(
        name="distances_reshaped",
        exercise="nearest_node",
        hint="Your distances are (nodes, batch), and you reshape them, which mixes them. `.T` swaps the axes, "
        "`reshape` does not.",
        changes=[
            (
                "((z_e.unsqueeze(1) - nodes) ** 2).sum(dim=-1)",
                "((nodes.unsqueeze(1) - z_e) ** 2).sum(dim=-1).reshape(len(z_e), len(nodes))",
            )
        ],
    ),
    Mistake(
        name="no_new_axis",
        exercise="nearest_node",
        costly="There are no distances but for a batch that happens to fit.",
        hint="You subtract nodes from encodings one by one, which goes only where there are as many of both, or "
        "one. With an axis more, each meets all.",
        changes=[("z_e.unsqueeze(1) - nodes", "z_e - nodes")],
    ),
    Mistake(
        name="encodings_changed_in_place",
        exercise="nearest_node",
        hint="You change `z_e` in place (`-=`). It is the caller's, and autograd refuses. Make a tensor of your own.",
        changes=[
            (
                "    z_dist_flat = ((z_e",
                (
                    "    z_e -= nodes.mean(dim=0).detach()\n"
                    "    nodes = nodes - nodes.mean(dim=0).detach()\n"
                    "    z_dist_flat = ((z_e"
                ),
            )
        ],
    ),
]

NEIGHBORS = [
    Mistake(
        name="last_row_and_column_outside",
        exercise="neighbors",
        hint="You take the last row and the last column for the outside of the map. They are its end, and have nodes.",
        changes=[
            (
                "return padded[rows + 1, columns + 1]",
                "inside = (rows < embeddings.shape[0] - 1) & (columns < embeddings.shape[1] - 1)\n"
                "    return padded[rows + 1, columns + 1] * inside.unsqueeze(-1)",
            )
        ],
    ),
    Mistake(
        name="right_never_assigned",
        exercise="neighbors",
        hint="The place of the neighbor one column further stays zero. Is `==` where `=` should be?",
        changes=[
            (
                "return padded[rows + 1, columns + 1]",
                (
                    "out = padded[rows + 1, columns + 1]\n"
                    "    keep = torch.tensor([1.0, 1, 1, 0, 1], device=out.device)\n"
                    "    return out * keep.unsqueeze(-1)"
                ),
            )
        ],
    ),
    Mistake(
        name="left_never_assigned",
        exercise="neighbors",
        hint="The place of the neighbor one column before stays zero.",
        changes=[
            (
                "return padded[rows + 1, columns + 1]",
                (
                    "out = padded[rows + 1, columns + 1]\n"
                    "    keep = torch.tensor([1.0, 1, 1, 1, 0], device=out.device)\n"
                    "    return out * keep.unsqueeze(-1)"
                ),
            )
        ],
    ),
    Mistake(
        name="wraps_around",
        exercise="neighbors",
        hint=("Your map is a globe: at an edge, you take the node from the opposite edge. The map ends there."),
        changes=[
            (
                "F.pad(embeddings, (0, 0, 1, 1, 1, 1))",
                'F.pad(embeddings.permute(2, 0, 1), (1, 1, 1, 1), mode="circular").permute(1, 2, 0)',
            )
        ],
    ),
    Mistake(
        name="edge_repeats_itself",
        exercise="neighbors",
        hint=(
            "At an edge, you take the node itself in the place of a neighbor that does not exist. Zeros are asked for."
        ),
        changes=[
            (
                "F.pad(embeddings, (0, 0, 1, 1, 1, 1))",
                'F.pad(embeddings.permute(2, 0, 1), (1, 1, 1, 1), mode="replicate").permute(1, 2, 0)',
            )
        ],
    ),
    Mistake(
        name="next_number",
        exercise="neighbors",
        hint=(
            "You take the nodes with the numbers k + 1 and k - 1 for neighbors in the row. At the "
            "right edge, k + 1 is the first node of the next row."
        ),
        changes=[
            (
                "return padded[rows + 1, columns + 1]",
                (
                    "flat = F.pad(embeddings.flatten(0, 1), (0, 0, 1, 1))\n"
                    "    beside = torch.stack([flat[k + 2], flat[k]], dim=1)\n"
                    "    return torch.cat([padded[rows + 1, columns + 1][:, :3], beside], dim=1)"
                ),
            )
        ],
    ),
    Mistake(
        name="numbers_changed_in_place",
        exercise="neighbors",
        hint="You change `k` in place (`//=`). It is the caller's, who needs it afterwards: make a tensor of your own.",
        changes=[
            (
                "row, column = k // embeddings.shape[1], k % embeddings.shape[1]",
                "column = k % embeddings.shape[1]\n    k //= embeddings.shape[1]\n    row = k",
            )
        ],
    ),
    Mistake(
        name="rows_exchanged",
        exercise="neighbors",
        hint="You exchange the neighbors one row further and one row before.",
        changes=[
            (
                "torch.stack([row, row + 1, row - 1, row, row], dim=1)",
                "torch.stack([row, row - 1, row + 1, row, row], dim=1)",
            )
        ],
    ),
    Mistake(
        name="columns_exchanged",
        exercise="neighbors",
        hint="You exchange the neighbors one column further and one column before.",
        changes=[
            (
                "[column, column, column, column + 1, column - 1], dim=1)",
                "[column, column, column, column - 1, column + 1], dim=1)",
            )
        ],
    ),
    Mistake(
        name="rows_and_columns_exchanged",
        exercise="neighbors",
        hint=("You put the neighbors in the row where those in the column belong, and the other way round."),
        changes=[
            (
                "torch.stack([row, row + 1, row - 1, row, row], dim=1)",
                "torch.stack([row, row, row, row + 1, row - 1], dim=1)",
            ),
            (
                "[column, column, column, column + 1, column - 1], dim=1)",
                "[column, column + 1, column - 1, column, column], dim=1)",
            ),
        ],
    ),
    Mistake(
        name="border_counted_twice",
        exercise="neighbors",
        hint="You go two rows and columns further for a border that is one wide, so that all five places are shifted.",
        changes=[("padded[rows + 1, columns + 1]", "F.pad(padded, (0, 0, 0, 1, 0, 1))[rows + 2, columns + 2]")],
    ),
    Mistake(
        name="rows_shifted",
        exercise="neighbors",
        hint="You go two rows further for a border that is one wide, so that all five places are a row too far down.",
        changes=[("padded[rows + 1, columns + 1]", "F.pad(padded, (0, 0, 0, 0, 0, 1))[rows + 2, columns + 1]")],
    ),
    Mistake(
        name="divided_by_rows",
        exercise="neighbors",
        hint="You divide k by the number of rows. A row has as many nodes as there are columns.",
        changes=[
            ("k // embeddings.shape[1], k % embeddings.shape[1]", "k // embeddings.shape[0], k % embeddings.shape[0]")
        ],
    ),
    Mistake(
        name="itself_forgotten",
        exercise="neighbors",
        hint="You return the four neighbors. The node itself comes first.",
        changes=[("return padded[rows + 1, columns + 1]", "return padded[rows + 1, columns + 1][:, 1:]")],
    ),
    Mistake(
        name="itself_last",
        exercise="neighbors",
        hint="You put the node itself last. It comes first.",
        changes=[("return padded[rows + 1, columns + 1]", "return padded[rows + 1, columns + 1].roll(-1, dims=1)")],
    ),
    Mistake(
        name="diagonals",
        exercise="neighbors",
        hint="You take the diagonal neighbors. Neighbors share a row or a column.",
        changes=[
            (
                "torch.stack([row, row + 1, row - 1, row, row], dim=1)",
                "torch.stack([row, row + 1, row - 1, row + 1, row - 1], dim=1)",
            ),
            (
                "[column, column, column, column + 1, column - 1], dim=1)",
                "[column, column + 1, column - 1, column - 1, column + 1], dim=1)",
            ),
        ],
    ),
    Mistake(
        name="nearest_in_latent_space",
        exercise="neighbors",
        hint=(
            "You take the nodes that are nearest in the latent space. Neighbors are those on the "
            "grid, however far they are."
        ),
        changes=[
            (
                "return padded[rows + 1, columns + 1]",
                (
                    "flat = embeddings.flatten(0, 1)\n"
                    "    order = ((flat[k].unsqueeze(1) - flat) ** 2).sum(-1).argsort(dim=-1)\n"
                    "    return flat[order[:, :5]]"
                ),
            )
        ],
    ),
    Mistake(
        name="neighbors_detached",
        exercise="neighbors",
        hint="You cut the embeddings off from their gradient, so that no node ever moves.",
        changes=[("return padded[rows + 1, columns + 1]", "return padded[rows + 1, columns + 1].detach()")],
    ),
    Mistake(
        name="only_itself_learns",
        exercise="neighbors",
        hint="Only the node itself gets a gradient: you cut its neighbors off.",
        changes=[
            (
                "return padded[rows + 1, columns + 1]",
                ("out = padded[rows + 1, columns + 1]\n    return torch.cat([out[:, :1], out[:, 1:].detach()], dim=1)"),
            )
        ],
    ),
    Mistake(
        name="zeros_on_cpu",
        exercise="neighbors",
        hint="You make a tensor that lies on the CPU, also where the embeddings are on a GPU. Give it their `device`.",
        changes=[
            ("return padded[rows + 1, columns + 1]", "return padded[rows + 1, columns + 1] + torch.zeros(len(k), 5, 1)")
        ],
    ),
    Mistake(
        name="last_row_cut",
        exercise="neighbors",
        hint=("You take the last row of the map for its border: row + 1 is compared with the wrong number."),
        changes=[
            (
                "return padded[rows + 1, columns + 1]",
                "return padded[rows + 1, columns + 1] * (rows < embeddings.shape[0] - 1).unsqueeze(-1)",
            )
        ],
    ),
    Mistake(
        name="next_row_at_the_right",
        exercise="neighbors",
        hint="At the right edge, you take node k + 1, which is the first of the next row. There is no neighbor.",
        changes=[
            (
                "return padded[rows + 1, columns + 1]",
                (
                    "out = padded[rows + 1, columns + 1]\n"
                    "    following = F.pad(embeddings.flatten(0, 1), (0, 0, 0, 1))[k + 1]\n"
                    "    return torch.cat([out[:, :3], following.unsqueeze(1), out[:, 4:]], dim=1)"
                ),
            ),
        ],
    ),
    Mistake(
        name="row_before_at_the_left",
        exercise="neighbors",
        hint="At the left edge, you take node k - 1, which is the last of the row before. There is no neighbor.",
        changes=[
            (
                "return padded[rows + 1, columns + 1]",
                (
                    "out = padded[rows + 1, columns + 1]\n"
                    "    preceding = F.pad(embeddings.flatten(0, 1), (0, 0, 1, 0))[k]\n"
                    "    return torch.cat([out[:, :4], preceding.unsqueeze(1)], dim=1)"
                ),
            ),
        ],
    ),
    Mistake(
        name="minus_one_is_last",
        exercise="neighbors",
        hint="A row or a column of -1 is the last to Python, so that your map is a globe at two of its edges.",
        changes=[
            (
                "return padded[rows + 1, columns + 1]",
                (
                    "last = embeddings[rows.clamp(max=embeddings.shape[0] - 1), "
                    "columns.clamp(max=embeddings.shape[1] - 1)]\n"
                    "    return torch.where(((rows < 0) | (columns < 0)).unsqueeze(-1), last, padded[rows + "
                    "1, columns + 1])"
                ),
            ),
        ],
    ),
    Mistake(
        name="upper_row_lost",
        exercise="neighbors",
        hint=(
            "Nodes of the second row have no neighbor above in your code: a row of 0 is a row of the map "
            "(`> 0`, not `> 1`)."
        ),
        changes=[
            (
                "return padded[rows + 1, columns + 1]",
                "return padded[rows + 1, columns + 1] * ((rows != 0) | (rows == row.unsqueeze(1))).unsqueeze(-1)",
            ),
        ],
    ),
    Mistake(
        name="left_column_lost",
        exercise="neighbors",
        hint="Nodes of the second column have no neighbor to the left in your code: 0 is a column of the map.",
        changes=[
            (
                "return padded[rows + 1, columns + 1]",
                (
                    "return padded[rows + 1, columns + 1] * ((columns != 0) | (columns == "
                    "column.unsqueeze(1))).unsqueeze(-1)"
                ),
            ),
        ],
    ),
    Mistake(
        name="five_places_first",
        exercise="neighbors",
        hint="Your five places come before the batch. They are on axis 1: (batch, 5, latent_dim).",
        changes=[
            ("row - 1, row, row], dim=1)", "row - 1, row, row], dim=0)"),
            ("column + 1, column - 1], dim=1)", "column + 1, column - 1], dim=0)"),
        ],
    ),
    Mistake(
        name="border_of_the_map_cleared",
        exercise="neighbors",
        hint="You set the outer nodes of the map to zero. The border lies around them.",
        changes=[
            ("F.pad(embeddings, (0, 0, 1, 1, 1, 1))", "F.pad(embeddings[1:-1, 1:-1], (0, 0, 2, 2, 2, 2))"),
        ],
    ),
    Mistake(
        name="eight_columns",
        exercise="neighbors",
        hint="You divide k by 8, as many columns as the map of the notebook has. A map may have any size.",
        changes=[
            ("k // embeddings.shape[1], k % embeddings.shape[1]", "k // 8, k % 8"),
        ],
    ),
    Mistake(
        name="neighbors_squeezed",
        exercise="neighbors",
        hint="You squeeze what you gather. With a single node, that drops the axis of the batch.",
        changes=[
            ("return padded[rows + 1, columns + 1]", "return padded[rows + 1, columns + 1].squeeze()"),
        ],
    ),
    Mistake(
        name="two_rows_further",
        exercise="neighbors",
        hint="The neighbor a row further is two rows further in yours.",
        changes=[("row + 1,", "row + 2,")],
    ),
    Mistake(
        name="border_of_ones_around",
        exercise="neighbors",
        hint="Your border is made of ones. Neighbors that do not exist are zeros.",
        changes=[("(0, 0, 1, 1, 1, 1))", "(0, 0, 1, 1, 1, 1), value=1.0)")],
    ),
    Mistake(
        name="five_places_viewed",
        exercise="neighbors",
        hint="You stack the five places in front of the batch and then view them as (batch, 5, latent_dim), which "
        "mixes the nodes. Stack them along axis 1.",
        changes=[
            (
                "return padded[rows + 1, columns + 1]",
                "return padded[rows + 1, columns + 1].transpose(0, 1).reshape(len(k), 5, -1)",
            )
        ],
    ),
    Mistake(
        name="right_column_lost",
        exercise="neighbors",
        hint="The last column of the map is nobody's neighbor in your code: from the column before it, there is "
        "one column further.",
        changes=[
            (
                "return padded[rows + 1, columns + 1]",
                (
                    "return padded[rows + 1, columns + 1] * (\n"
                    "        (columns != embeddings.shape[1] - 1) | (columns == column.unsqueeze(1))\n"
                    "    ).unsqueeze(-1)"
                ),
            )
        ],
    ),
    Mistake(
        name="lower_row_lost",
        exercise="neighbors",
        hint="The last row of the map is nobody's neighbor in your code: from the row before it, there is one row "
        "further.",
        changes=[
            (
                "return padded[rows + 1, columns + 1]",
                (
                    "return padded[rows + 1, columns + 1] * (\n"
                    "        (rows != embeddings.shape[0] - 1) | (rows == row.unsqueeze(1))\n"
                    "    ).unsqueeze(-1)"
                ),
            )
        ],
    ),
    Mistake(
        name="first_row_below_the_last",
        exercise="neighbors",
        hint="Below the last row of the map, you take a node of the first. Is the row compared with the number of "
        "columns?",
        changes=[
            (
                "F.pad(embeddings, (0, 0, 1, 1, 1, 1))",
                "F.pad(torch.cat([embeddings, embeddings[:1]]), (0, 0, 1, 1, 1, 0))",
            )
        ],
    ),
    Mistake(
        name="first_column_after_the_last",
        exercise="neighbors",
        hint="After the last column of the map, you take a node of the first. The map ends there.",
        changes=[
            (
                "F.pad(embeddings, (0, 0, 1, 1, 1, 1))",
                "F.pad(torch.cat([embeddings, embeddings[:, :1]], dim=1), (0, 0, 1, 0, 1, 1))",
            )
        ],
    ),
    Mistake(
        name="column_of_minus_one",
        exercise="neighbors",
        hint="A column of -1 is the last to Python: before the first column, you take a node of the last. The map "
        "ends there.",
        changes=[
            (
                "F.pad(embeddings, (0, 0, 1, 1, 1, 1))",
                "F.pad(torch.cat([embeddings[:, -1:], embeddings], dim=1), (0, 0, 0, 1, 1, 1))",
            )
        ],
    ),
    Mistake(
        name="row_of_minus_one",
        exercise="neighbors",
        hint="A row of -1 is the last to Python: above the first row, you take a node of the last. The map ends there.",
        changes=[
            (
                "F.pad(embeddings, (0, 0, 1, 1, 1, 1))",
                "F.pad(torch.cat([embeddings[-1:], embeddings]), (0, 0, 1, 1, 0, 1))",
            )
        ],
    ),
    Mistake(
        name="rows_wrap_around",
        exercise="neighbors",
        hint="Your rows are a ring: below the last comes the first, above the first the last. The map ends there.",
        changes=[
            (
                "F.pad(embeddings, (0, 0, 1, 1, 1, 1))",
                "F.pad(torch.cat([embeddings[-1:], embeddings, embeddings[:1]]), (0, 0, 1, 1))",
            )
        ],
    ),
    Mistake(
        name="columns_wrap_around",
        exercise="neighbors",
        hint="Your columns are a ring: after the last comes the first, before the first the last. The map ends there.",
        changes=[
            (
                "F.pad(embeddings, (0, 0, 1, 1, 1, 1))",
                "F.pad(torch.cat([embeddings[:, -1:], embeddings, embeddings[:, :1]], dim=1), (0, 0, 0, 0, 1, 1))",
            )
        ],
    ),
    Mistake(
        name="edge_rows_repeated",
        exercise="neighbors",
        hint="Above the first row and below the last, you take the node itself for its neighbor. Zeros are asked for.",
        changes=[
            (
                "F.pad(embeddings, (0, 0, 1, 1, 1, 1))",
                "F.pad(torch.cat([embeddings[:1], embeddings, embeddings[-1:]]), (0, 0, 1, 1))",
            )
        ],
    ),
    Mistake(
        name="edge_columns_repeated",
        exercise="neighbors",
        hint="Before the first column and after the last, you take the node itself for its neighbor. Zeros are "
        "asked for.",
        changes=[
            (
                "F.pad(embeddings, (0, 0, 1, 1, 1, 1))",
                "F.pad(torch.cat([embeddings[:, :1], embeddings, embeddings[:, -1:]], dim=1), (0, 0, 0, 0, 1, 1))",
            )
        ],
    ),
    Mistake(
        name="right_taken_twice",
        exercise="neighbors",
        hint="Your neighbor a column before is the one a column further once more: was that line copied?",
        changes=[("column + 1, column - 1]", "column + 1, column + 1]")],
    ),
    Mistake(
        name="left_taken_twice",
        exercise="neighbors",
        hint="Your neighbor a column further is the one a column before: was that line copied?",
        changes=[("column + 1, column - 1]", "column - 1, column - 1]")],
    ),
    Mistake(
        name="lower_taken_twice",
        exercise="neighbors",
        hint="Your neighbor a row before is the one a row further once more: was that line copied?",
        changes=[("row + 1, row - 1,", "row + 1, row + 1,")],
    ),
    Mistake(
        name="upper_taken_twice",
        exercise="neighbors",
        hint="Your neighbor a row further is the one a row before: was that line copied?",
        changes=[("row + 1, row - 1,", "row - 1, row - 1,")],
    ),
    Mistake(
        name="left_masked_by_row",
        exercise="neighbors",
        hint="Whether there is a neighbor a column before depends on the row in your code. It depends on the column.",
        changes=[
            (
                "return padded[rows + 1, columns + 1]",
                (
                    "out = padded[rows + 1, columns + 1]\n"
                    "    left = embeddings[row, (column - 1).clamp(min=0)] * (row > 0).unsqueeze(-1)\n"
                    "    return torch.cat([out[:, :4], left.unsqueeze(1)], dim=1)"
                ),
            )
        ],
    ),
    Mistake(
        name="upper_masked_by_column",
        exercise="neighbors",
        hint="Whether there is a neighbor a row before depends on the column in your code. It depends on the row.",
        changes=[
            (
                "return padded[rows + 1, columns + 1]",
                (
                    "out = padded[rows + 1, columns + 1]\n"
                    "    above = embeddings[(row - 1).clamp(min=0), column] * (column > 0).unsqueeze(-1)\n"
                    "    return torch.cat([out[:, :2], above.unsqueeze(1), out[:, 3:]], dim=1)"
                ),
            )
        ],
    ),
    Mistake(
        name="right_column_and_lower_row_lost",
        exercise="neighbors",
        hint="The last row and the last column of the map are nobody's neighbors in your code: rows go up to "
        "rows - 1, columns up to columns - 1.",
        changes=[
            (
                "return padded[rows + 1, columns + 1]",
                "there = (rows < embeddings.shape[0] - 1) | (rows == row.unsqueeze(1))\n"
                "    there &= (columns < embeddings.shape[1] - 1) | (columns == column.unsqueeze(1))\n"
                "    return padded[rows + 1, columns + 1] * there.unsqueeze(-1)",
            )
        ],
    ),
    Mistake(
        name="diagonal_columns",
        exercise="neighbors",
        hint="In the last two places you move the row along with the column, so that they hold diagonal neighbors. "
        "A neighbor in the next column is in the same row.",
        changes=[("torch.stack([row, row + 1, row - 1, row, row], dim=1)",
                  "torch.stack([row, row + 1, row - 1, row + 1, row - 1], dim=1)")],
    ),
    Mistake(
        name="rows_end_with_columns",
        exercise="neighbors",
        hint=(
            "You look for the last row with the number of columns, so that a map that is not square ends too early "
            "or too late."
        ),
        changes=[
            (
                "return padded[rows + 1, columns + 1]",
                "out = padded[rows + 1, columns + 1]\n"
                "    below = embeddings[(row + 1).clamp(max=embeddings.shape[0] - 1), column]\n"
                "    below = below * (row < embeddings.shape[1] - 1).unsqueeze(1)\n"
                "    return torch.cat([out[:, :1], below.unsqueeze(1), out[:, 2:]], dim=1)",
            ),
        ],
    ),
    Mistake(
        name="first_node_is_nobodys_neighbor",
        exercise="neighbors",
        hint="You leave out node 0 where it is a neighbor: its number is not above zero, but it exists.",
        changes=[
            (
                "    return padded[rows + 1, columns + 1]",
                "    found = padded[rows + 1, columns + 1]\n"
                "    numbers = rows * embeddings.shape[1] + columns\n"
                "    return found * (numbers.unsqueeze(-1) != 0) + found * (\n"
                "        torch.arange(5, device=k.device) == 0).view(1, 5, 1) * (\n"
                "        numbers.unsqueeze(-1) == 0)",
            ),
        ],
    ),
    Mistake(
        name="first_node_is_not_above_its_neighbor",
        exercise="neighbors",
        hint="You leave out node 0 as the node above: its number is not above zero, but it exists.",
        changes=[
            (
                "    return padded[rows + 1, columns + 1]",
                "    found = padded[rows + 1, columns + 1]\n"
                "    above = torch.arange(5, device=k.device) == 2\n"
                "    first = (k == embeddings.shape[1]).unsqueeze(-1) & above\n"
                "    return found * ~first.unsqueeze(-1)",
            ),
        ],
    ),
    Mistake(
        name="map_kept_from_the_first_call",
        exercise="neighbors",
        hint=(
            "You keep the map of the first call for all maps of this shape. The nodes move in each step: take the "
            "embeddings that are given."
        ),
        costly="All that comes after the first call is of another map.",
        changes=[
            (
                "    padded = F.pad(embeddings, (0, 0, 1, 1, 1, 1))",
                "    kept = gather_neighbors.__dict__\n"
                "    padded = kept.setdefault(embeddings.shape, F.pad(embeddings, (0, 0, 1, 1, 1, 1)))",
            ),
        ],
    ),
]

LOSSES = [
    Mistake(
        name="encoding_only",
        exercise="losses",
        hint=(
            "Your reconstruction loss looks at the image decoded from the encoding alone. That of "
            "the node counts as well."
        ),
        changes=[("F.mse_loss(x_e, x) + F.mse_loss(x_q, x)", "F.mse_loss(x_e, x)")],
    ),
    Mistake(
        name="node_only",
        exercise="losses",
        hint=(
            "Your reconstruction loss looks at the image decoded from the node alone, through which "
            "nothing reaches the encoder."
        ),
        changes=[("F.mse_loss(x_e, x) + F.mse_loss(x_q, x)", "F.mse_loss(x_q, x)")],
    ),
    Mistake(
        name="decoded_compared",
        exercise="losses",
        hint="You compare the two decoded images with each other. Each is to be compared with x.",
        changes=[("F.mse_loss(x_e, x) + F.mse_loss(x_q, x)", "F.mse_loss(x_e, x_q)")],
    ),
    Mistake(
        name="reconstruction_halved",
        exercise="losses",
        hint="You average the two errors. Their sum is asked for.",
        changes=[("F.mse_loss(x_e, x) + F.mse_loss(x_q, x)", "(F.mse_loss(x_e, x) + F.mse_loss(x_q, x)) / 2")],
    ),
    Mistake(
        name="reconstruction_summed",
        exercise="losses",
        hint="You sum the errors of all pixels. Their mean is asked for.",
        changes=[
            ("F.mse_loss(x_e, x) +", 'F.mse_loss(x_e, x, reduction="sum") +'),
            ("F.mse_loss(x_q, x)", 'F.mse_loss(x_q, x, reduction="sum")'),
        ],
    ),
    Mistake(
        name="absolute_reconstruction",
        exercise="losses",
        hint="Your reconstruction loss has absolute errors. Squared ones are asked for.",
        changes=[("F.mse_loss(x_e, x)", "F.l1_loss(x_e, x)"), ("F.mse_loss(x_q, x)", "F.l1_loss(x_q, x)")],
    ),
    Mistake(
        name="commitment_detached",
        exercise="losses",
        hint="Your commitment loss moves only the encodings: the nodes are detached.",
        changes=[("F.mse_loss(z_e, z_q)", "F.mse_loss(z_e, z_q.detach())")],
    ),
    Mistake(
        name="commitment_moves_nodes_only",
        exercise="losses",
        hint=("Your commitment loss moves only the nodes: the encodings are detached. They should come along."),
        changes=[("F.mse_loss(z_e, z_q)", "F.mse_loss(z_e.detach(), z_q)")],
    ),
    Mistake(
        name="commitment_of_single_images_only",
        exercise="losses",
        hint="Your commitment loss sums over axis 1, which is the time in series. A mean over all numbers needs no "
        "axis.",
        changes=[("F.mse_loss(z_e, z_q)", "((z_e - z_q) ** 2).sum(dim=1).mean() / z_e.shape[-1]")],
    ),
    Mistake(
        name="reconstruction_of_single_images_only",
        exercise="losses",
        hint="Your reconstruction loss counts on four axes. Series have one more: take the mean over all numbers.",
        changes=[
            (
                "return F.mse_loss(x_e, x) + F.mse_loss(x_q, x)",
                "return sum(((x - y) ** 2).sum((1, 2, 3)).mean() / x[0].numel() for y in (x_e, x_q))",
            )
        ],
    ),
    Mistake(
        name="commitment_summed",
        exercise="losses",
        hint="Your commitment loss is a sum. The mean is asked for.",
        changes=[("F.mse_loss(z_e, z_q)", 'F.mse_loss(z_e, z_q, reduction="sum")')],
    ),
    Mistake(
        name="commitment_sum_of_dimensions",
        exercise="losses",
        hint=("Your commitment loss sums over the latent dimensions. The mean over all numbers is asked for."),
        changes=[("return F.mse_loss(z_e, z_q)", "return ((z_e - z_q) ** 2).sum(dim=-1).mean()")],
    ),
    Mistake(
        name="encodings_pulled",
        exercise="losses",
        hint="Your SOM loss also moves the encodings. Only nodes should move: detach z_e.",
        changes=[("(z_e.detach().unsqueeze(-2)", "(z_e.unsqueeze(-2)")],
    ),
    Mistake(
        name="neighbors_cut_off",
        exercise="losses",
        hint="Your SOM loss detaches the nodes and not the encodings: it is the wrong side that moves.",
        changes=[("(z_e.detach().unsqueeze(-2) - z_q_neighbors)", "(z_e.unsqueeze(-2) - z_q_neighbors.detach())")],
    ),
    Mistake(
        name="missing_by_length",
        exercise="losses",
        hint="You take neighbors for missing that are only short. Embeddings may lie near zero; a missing one is a row "
        "of nothing but zeros.",
        changes=[("(z_q_neighbors != 0).any(dim=-1)", "z_q_neighbors.norm(dim=-1) > 0.1")],
    ),
    Mistake(
        name="missing_by_a_single_zero",
        exercise="losses",
        hint="You leave out every neighbor that has a zero among its numbers. Only a row of nothing but zeros is not "
        "there.",
        changes=[(".any(dim=-1)", ".all(dim=-1)")],
    ),
    Mistake(
        name="reconstruction_detached",
        exercise="losses",
        hint="Your reconstruction loss does not move the image that is decoded from the encoding: it is cut off.",
        changes=[
            (
                "return F.mse_loss(x_e, x) + F.mse_loss(x_q, x)",
                "return F.mse_loss(x_e.detach(), x) + F.mse_loss(x_q, x)",
            ),
        ],
    ),
    Mistake(
        name="missing_counted",
        exercise="losses",
        hint=(
            "Your SOM loss counts neighbors that do not exist: it pulls zero towards the encodings. "
            "Rows of zeros add nothing."
        ),
        changes=[("(squares.mean(dim=-1) * exists).mean()", "squares.mean()")],
    ),
    Mistake(
        name="mean_of_existing",
        exercise="losses",
        hint=(
            "You divide by the number of neighbors that exist, so that nodes at the edge are pulled "
            "more strongly. Divide by five."
        ),
        changes=[("(squares.mean(dim=-1) * exists).mean()", "(squares.mean(dim=-1) * exists).sum() / exists.sum()")],
    ),
    Mistake(
        name="neighbors_summed",
        exercise="losses",
        hint="Your SOM loss sums over the five embeddings. Divide by five.",
        changes=[("(squares.mean(dim=-1) * exists).mean()", "(squares.mean(dim=-1) * exists).sum(dim=-1).mean()")],
    ),
    Mistake(
        name="dimensions_summed",
        exercise="losses",
        hint="Your SOM loss sums over the latent dimensions. The mean is asked for.",
        changes=[("squares.mean(dim=-1)", "squares.sum(dim=-1)")],
    ),
    Mistake(
        name="itself_left_out",
        exercise="losses",
        hint="Your SOM loss leaves the node itself out. It is one of the five.",
        changes=[
            (
                "return (squares.mean(dim=-1) * exists).mean()",
                "exists[..., 0] = False\n        return (squares.mean(dim=-1) * exists).mean()",
            )
        ],
    ),
    Mistake(
        name="axis_on_wrong_side",
        exercise="losses",
        hint=(
            "You put the new axis into z_e at place 1, which is the time where there are series. "
            "Put it before the last axis."
        ),
        changes=[("unsqueeze(-2)", "unsqueeze(1)")],
    ),
    Mistake(
        name="alpha_and_beta_exchanged",
        exercise="losses",
        hint="You exchange the weights: alpha belongs to the commitment, beta to the SOM loss.",
        changes=[
            ("self.alpha * self._loss_commit", "self.beta * self._loss_commit"),
            ("self.beta * self._loss_som", "self.alpha * self._loss_som"),
        ],
    ),
    Mistake(
        name="weights_forgotten",
        exercise="losses",
        hint="You add the losses up without their weights.",
        changes=[
            ("self.alpha * self._loss_commit", "self._loss_commit"),
            ("self.beta * self._loss_som", "self._loss_som"),
        ],
    ),
    Mistake(
        name="som_loss_left_out",
        exercise="losses",
        hint="Your loss has no SOM loss, so the map never becomes one.",
        changes=[("            + self.beta * self._loss_som(z_e, z_q_neighbors)\n", "")],
    ),
    Mistake(
        name="commitment_left_out",
        exercise="losses",
        hint="Your loss has no commitment loss.",
        changes=[("            + self.alpha * self._loss_commit(z_e, z_q)\n", "")],
    ),
    Mistake(
        name="constant_on_cpu",
        exercise="losses",
        hint=("Your commitment loss meets a tensor that lies on the CPU, also where the inputs are on a GPU."),
        changes=[("return F.mse_loss(z_e, z_q)", "return ((z_e - z_q) ** 2 * torch.ones(z_e.shape)).mean()")],
    ),
    Mistake(
        name="each_by_its_existing",
        exercise="losses",
        hint="You divide each node's sum by the number of its neighbors that exist. Divide by five in any case.",
        changes=[
            (
                "return (squares.mean(dim=-1) * exists).mean()",
                "return ((squares.mean(dim=-1) * exists).sum(dim=-1) / exists.sum(dim=-1)).mean()",
            ),
        ],
    ),
    Mistake(
        name="negative_is_missing",
        exercise="losses",
        hint="You leave out neighbors without a positive number. Only a row of nothing but zeros is not there.",
        changes=[
            ("(z_q_neighbors != 0)", "(z_q_neighbors > 0)"),
        ],
    ),
    Mistake(
        name="missing_unless_its_sum_is_positive",
        exercise="losses",
        hint="You leave out neighbors whose numbers add up to less than zero. Only a row of nothing but zeros is not "
        "there.",
        changes=[("(z_q_neighbors != 0).any(dim=-1)", "z_q_neighbors.sum(dim=-1) > 0")],
    ),
    Mistake(
        name="missing_by_its_sum",
        exercise="losses",
        hint="You leave out neighbors whose numbers add up to zero. Only a row of nothing but zeros is not there.",
        changes=[
            ("(z_q_neighbors != 0).any(dim=-1)", "z_q_neighbors.sum(dim=-1) != 0"),
        ],
    ),
    Mistake(
        name="zeros_left_out_one_by_one",
        exercise="losses",
        hint=(
            "You leave out each number that is zero, also in neighbors that exist. Only a row of nothing "
            "but zeros is not there."
        ),
        changes=[
            ("return (squares.mean(dim=-1) * exists).mean()", "return (squares * (z_q_neighbors != 0)).mean()"),
        ],
    ),
    Mistake(
        name="encodings_summed",
        exercise="losses",
        hint="Your SOM loss is a sum over the encodings. The mean over the batch is asked for.",
        changes=[
            ("return (squares.mean(dim=-1) * exists).mean()", "return (squares.mean(dim=-1) * exists).sum() / 5"),
        ],
    ),
    Mistake(
        name="decoded_node_detached",
        exercise="losses",
        hint="Your reconstruction loss does not move the image that is decoded from the node: it is cut off.",
        changes=[
            ("F.mse_loss(x_q, x)", "F.mse_loss(x_q.detach(), x)"),
        ],
    ),
    Mistake(
        name="alpha_forgotten",
        exercise="losses",
        hint="You add the commitment loss without its weight `self.alpha`.",
        changes=[
            ("self.alpha * self._loss_commit", "self._loss_commit"),
        ],
    ),
    Mistake(
        name="beta_forgotten",
        exercise="losses",
        hint="You add the SOM loss without its weight `self.beta`.",
        changes=[
            ("self.beta * self._loss_som", "self._loss_som"),
        ],
    ),
    Mistake(
        name="root_of_reconstruction",
        exercise="losses",
        hint="You take the roots of the mean squared errors. They are added up as they are.",
        changes=[("F.mse_loss(x_e, x) + F.mse_loss(x_q, x)", "F.mse_loss(x_e, x).sqrt() + F.mse_loss(x_q, x).sqrt()")],
    ),
    Mistake(
        name="cross_entropy_reconstruction",
        exercise="losses",
        hint="You take the cross-entropy of the pixels. The mean squared error is asked for.",
        changes=[
            (
                "F.mse_loss(x_e, x) + F.mse_loss(x_q, x)",
                "F.binary_cross_entropy(x_e, x) + F.binary_cross_entropy(x_q, x)",
            )
        ],
    ),
    Mistake(
        name="difference_of_errors",
        exercise="losses",
        hint="You subtract one error from the other. Both are to become small: add them up.",
        changes=[("F.mse_loss(x_e, x) + F.mse_loss(x_q, x)", "F.mse_loss(x_e, x) - F.mse_loss(x_q, x)")],
    ),
    Mistake(
        name="commitment_absolute",
        exercise="losses",
        hint="You take the mean absolute difference. The mean squared one is asked for.",
        changes=[("F.mse_loss(z_e, z_q)", "F.l1_loss(z_e, z_q)")],
    ),
    Mistake(
        name="som_absolute",
        exercise="losses",
        hint="You take absolute differences. Squared ones are asked for.",
        changes=[
            ("(z_e.detach().unsqueeze(-2) - z_q_neighbors) ** 2", "(z_e.detach().unsqueeze(-2) - z_q_neighbors).abs()")
        ],
    ),
    Mistake(
        name="existing_inverted",
        exercise="losses",
        hint="You keep the neighbors that do not exist, and drop those that do.",
        changes=[("(z_q_neighbors != 0)", "(z_q_neighbors == 0)")],
    ),
    Mistake(
        name="reconstruction_weighed_too",
        exercise="losses",
        hint="You weigh the reconstruction loss with alpha. It has no weight of its own.",
        changes=[("self._loss_reconstruct(x, x_e, x_q)\n", "self.alpha * self._loss_reconstruct(x, x_e, x_q)\n")],
    ),
    Mistake(
        name="reconstruction_left_out",
        exercise="losses",
        hint="The reconstruction loss is missing from the sum.",
        changes=[
            ("            self._loss_reconstruct(x, x_e, x_q)\n            + self.alpha", "            self.alpha")
        ],
    ),
    Mistake(
        name="losses_multiplied",
        exercise="losses",
        hint="You multiply the commitment loss by the SOM loss. They are added up, each with its weight.",
        changes=[("+ self.beta * self._loss_som", "* self.beta * self._loss_som")],
    ),
    Mistake(
        name="nodes_compared_with_encodings",
        exercise="losses",
        hint="You compare the images of the nodes with those of the encodings. Both are compared with x.",
        changes=[("F.mse_loss(x_q, x)", "F.mse_loss(x_q, x_e)")],
    ),
    Mistake(
        name="divided_by_first_axis",
        exercise="losses",
        hint="You divide your SOM loss by the length of the first axis. Where there are series, there are as many "
        "encodings as series times steps.",
        changes=[("(squares.mean(dim=-1) * exists).mean()", "(squares.mean(dim=-1) * exists).sum() / (5 * len(z_e))")],
    ),
    Mistake(
        name="one_axis_in_front_only",
        exercise="losses",
        hint="Your SOM loss is right for one axis in front. Where there are series, the five embeddings are on the "
        "last axis but one, and there are as many encodings as series times steps.",
        changes=[
            ("unsqueeze(-2)", "unsqueeze(1)"),
            ("(squares.mean(dim=-1) * exists).mean()", "(squares.mean(dim=-1) * exists).sum() / (5 * len(z_e))"),
        ],
    ),
    Mistake(
        name="images_shifted",
        exercise="losses",
        hint="You hand the images to the reconstruction loss in another order than it takes them: x comes first.",
        changes=[("self._loss_reconstruct(x, x_e, x_q)\n", "self._loss_reconstruct(x_e, x_q, x)\n")],
    ),
    Mistake(
        name="images_shifted_the_other_way",
        exercise="losses",
        hint="You compare both images with the one that is decoded from the node: `_loss_reconstruct` takes x first.",
        changes=[("self._loss_reconstruct(x, x_e, x_q)\n", "self._loss_reconstruct(x_q, x_e, x)\n")],
    ),
    Mistake(
        name="node_given_to_som_loss",
        exercise="losses",
        hint="You hand the node to the SOM loss in the place of the encoding.",
        changes=[("self._loss_som(z_e, z_q_neighbors)\n", "self._loss_som(z_q, z_q_neighbors)\n")],
    ),
    Mistake(
        name="image_of_the_node_twice",
        exercise="losses",
        hint="You add the error of the node's image twice. That of the encoding's image is the other.",
        changes=[("F.mse_loss(x_e, x) +", "F.mse_loss(x_q, x) +")],
    ),
    Mistake(
        name="image_of_the_encoding_twice",
        exercise="losses",
        hint="You add the error of the encoding's image twice. That of the node's image is the other.",
        changes=[("+ F.mse_loss(x_q, x)", "+ F.mse_loss(x_e, x)")],
    ),
    Mistake(
        name="pixels_summed",
        exercise="losses",
        hint="You add up the squared errors of an image's pixels and take the mean over the images alone. It is "
        "the mean over all pixels.",
        changes=[
            (
                "F.mse_loss(x_e, x) + F.mse_loss(x_q, x)",
                "sum(((one - x) ** 2).sum(dim=(-3, -2, -1)).mean() for one in (x_e, x_q))",
            )
        ],
    ),
    Mistake(
        name="errors_added_before_squaring",
        exercise="losses",
        hint="You add the errors of both images and then square, so that they may cancel each other. Square each, "
        "then add.",
        changes=[("F.mse_loss(x_e, x) + F.mse_loss(x_q, x)", "((x_e - x) + (x_q - x)).pow(2).mean()")],
    ),
    Mistake(
        name="mean_error_squared",
        exercise="losses",
        hint="You take an image's mean error and square it, so that bright and dark errors cancel each other. "
        "Square each pixel's.",
        changes=[
            (
                "F.mse_loss(x_e, x) + F.mse_loss(x_q, x)",
                "sum((one - x).mean(dim=(-3, -2, -1)).square().mean() for one in (x_e, x_q))",
            )
        ],
    ),
    Mistake(
        name="error_of_the_mean_image",
        exercise="losses",
        hint="You compare x with the mean of both decoded images. Each has an error of its own, and both are added up.",
        changes=[("F.mse_loss(x_e, x) + F.mse_loss(x_q, x)", "F.mse_loss((x_e + x_q) / 2, x)")],
    ),
    Mistake(
        name="commitment_half_of_dimensions",
        exercise="losses",
        hint="You halve the sum over the latent dimensions, as if there were two. The mean is over as many as "
        "there are.",
        changes=[("F.mse_loss(z_e, z_q)", "((z_e - z_q) ** 2).sum(dim=-1).mean() / 2")],
    ),
    Mistake(
        name="commitment_sum_of_batch",
        exercise="losses",
        hint="Your commitment loss sums over the batch. The mean over all numbers is asked for.",
        changes=[("F.mse_loss(z_e, z_q)", "((z_e - z_q) ** 2).mean(dim=-1).sum()")],
    ),
    Mistake(
        name="commitment_root",
        exercise="losses",
        hint="You take the distance of encodings and nodes, the root of the sum. The mean squared difference is "
        "asked for.",
        changes=[("F.mse_loss(z_e, z_q)", "(z_e - z_q).norm(dim=-1).mean()")],
    ),
    Mistake(
        name="som_half_of_dimensions",
        exercise="losses",
        hint="You halve the sum over the latent dimensions, as if there were two. The mean is over as many as "
        "there are.",
        changes=[("squares.mean(dim=-1)", "squares.sum(dim=-1) / 2")],
    ),
    Mistake(
        name="fifth_twice",
        exercise="losses",
        hint="You take the mean over the five embeddings, and divide by five once more.",
        changes=[
            ("return (squares.mean(dim=-1) * exists).mean()", "return (squares.mean(dim=-1) * exists).mean() / 5")
        ],
    ),
    Mistake(
        name="som_moves_nothing",
        exercise="losses",
        hint="You cut the neighbors off from their gradient (`.data`, `detach`), so that the SOM loss moves "
        "nothing at all.",
        changes=[("- z_q_neighbors) **", "- z_q_neighbors.detach()) **")],
    ),
    Mistake(
        name="gamma_for_beta",
        exercise="losses",
        hint="You weigh the SOM loss with gamma. Its weight is `self.beta`; gamma is for `SOMVAE`.",
        changes=[("self.beta * self", "self.gamma * self")],
    ),
    Mistake(
        name="tau_for_beta",
        exercise="losses",
        hint="You weigh the SOM loss with tau. Its weight is `self.beta`; tau is for `SOMVAE`.",
        changes=[("self.beta * self", "self.tau * self")],
    ),
    Mistake(
        name="gamma_for_alpha",
        exercise="losses",
        hint="You weigh the commitment loss with gamma. Its weight is `self.alpha`; gamma is for `SOMVAE`.",
        changes=[("self.alpha * self", "self.gamma * self")],
    ),
    Mistake(
        name="alpha_weighs_both",
        exercise="losses",
        hint="Alpha weighs the SOM loss as well in your sum. Each loss has one weight: look at the brackets.",
        changes=[("self.beta * self", "self.alpha * self.beta * self")],
    ),
    Mistake(
        name="beta_weighs_both",
        exercise="losses",
        hint="Beta weighs the commitment loss as well in your sum. Each loss has one weight: look at the brackets.",
        changes=[("self.alpha * self", "self.beta * self.alpha * self")],
    ),
    Mistake(
        name="static_weights_of_the_notebook",
        exercise="losses",
        hint="You weigh with 1 and 10, the numbers of the run below. The weights are attributes of the model.",
        changes=[("self.alpha * self", "1.0 * self"), ("self.beta * self", "10.0 * self")],
    ),
    Mistake(
        name="alpha_for_reconstruction",
        exercise="losses",
        hint="You weigh the reconstruction loss with alpha. It has no weight: alpha is for the commitment loss.",
        changes=[
            ("self._loss_reconstruct(x, x_e, x_q)\n", "self.alpha * self._loss_reconstruct(x, x_e, x_q)\n"),
            ("+ self.alpha * self._loss_commit", "+ self._loss_commit"),
        ],
    ),
    Mistake(
        name="som_root",
        exercise="losses",
        hint="You take the roots of the mean squared differences. They are added up squared.",
        changes=[("squares.mean(dim=-1) * exists", "squares.mean(dim=-1).clamp(min=1e-12).sqrt() * exists")],
    ),
    Mistake(
        name="som_distance",
        exercise="losses",
        hint="You take the distances of encodings and embeddings, roots of sums. The mean squared differences are "
        "added up.",
        changes=[("squares.mean(dim=-1) * exists", "squares.sum(dim=-1).clamp(min=1e-12).sqrt() * exists")],
    ),
    Mistake(
        name="mean_of_each_place",
        exercise="losses",
        hint="For each of the five places you take the mean over the encodings that have it, so that those at an edge "
        "weigh more. Add up over the places of each encoding, divide by five, and take the mean over all encodings.",
        changes=[
            (
                "return (squares.mean(dim=-1) * exists).mean()",
                "squares = (squares.mean(dim=-1) * exists).flatten(0, -2).sum(dim=0)\n"
                "        return (squares / exists.flatten(0, -2).sum(dim=0).clamp(min=1)).mean()",
            ),
        ],
    ),
    Mistake(
        name="two_terms_of_vq_vae",
        exercise="losses",
        hint="You take VQ-VAE's two terms, one of them with a weight of 0.25. One mean squared difference is "
        "asked for, and nothing is cut off in it.",
        changes=[
            ("F.mse_loss(z_e, z_q)", "F.mse_loss(z_e.detach(), z_q) + 0.25 * F.mse_loss(z_e, z_q.detach())"),
        ],
    ),
    Mistake(
        name="som_loss_without_gradient_in_sum",
        exercise="losses",
        hint="You add the SOM loss as a plain number (`item`, `detach`): it is in the sum, but moves nothing.",
        changes=[
            (
                "self.beta * self._loss_som(z_e, z_q_neighbors)",
                "self.beta * self._loss_som(z_e, z_q_neighbors).detach()",
            ),
        ],
    ),
    Mistake(
        name="images_counted_as_steps",
        exercise="losses",
        hint=(
            "You take the mean over the last three axes of an image batch and divide by the first axis. A series "
            "has more axes in front: the mean is over all numbers."
        ),
        changes=[
            (
                "return F.mse_loss(x_e, x) + F.mse_loss(x_q, x)",
                "return sum(\n"
                "            ((found - x) ** 2).mean(dim=(1, 2, 3)).sum() / len(x)\n"
                "            for found in (x_e, x_q))",
            ),
        ],
    ),
]

TRANSITIONS = [
    Mistake(
        name="logits_overwritten",
        exercise="transitions",
        hint="You put the logarithms of the probabilities in the place of `probs`. Only an optimizer moves it.",
        changes=[
            (
                "return torch.log_softmax(self.probs.flatten(2).flatten(0, 1), dim=-1)",
                "found = torch.log_softmax(self.probs.flatten(2).flatten(0, 1), dim=-1)\n"
                "        self.probs.data = found.detach().view_as(self.probs)\n"
                "        return found",
            )
        ],
    ),
    Mistake(
        name="logarithms_kept_from_the_first_call",
        exercise="transitions",
        hint="You keep the logarithms from the first call. `probs` learns in each step: compute them anew.",
        changes=[
            (
                "return torch.log_softmax(self.probs.flatten(2).flatten(0, 1), dim=-1)",
                'if not hasattr(self, "kept"):\n'
                "            self.kept = torch.log_softmax(self.probs.flatten(2).flatten(0, 1), dim=-1)\n"
                "        return self.kept",
            )
        ],
    ),
    Mistake(
        name="small_number_in_the_logarithm",
        exercise="transitions",
        hint="You add a small number before the logarithm. It moves the probabilities; torch.log_softmax needs none.",
        changes=[
            (
                "torch.log_softmax(self.probs.flatten(2).flatten(0, 1), dim=-1)",
                "torch.log(torch.softmax(self.probs.flatten(2).flatten(0, 1), dim=-1) + 1e-4)",
            )
        ],
    ),
    Mistake(
        name="probabilities_for_logarithms",
        exercise="transitions",
        hint="`log_transitions` gives the probabilities. Their logarithms are asked for.",
        changes=[("torch.log_softmax", "torch.softmax")],
    ),
    Mistake(
        name="softmax_over_from",
        exercise="transitions",
        hint=(
            "Your softmax runs over the nodes that one comes from. The probabilities from a node to "
            "all nodes sum to one."
        ),
        changes=[("flatten(0, 1), dim=-1)", "flatten(0, 1), dim=0)")],
    ),
    Mistake(
        name="softmax_over_columns",
        exercise="transitions",
        hint=("Your softmax runs over the columns of the map alone. One can go to any node: both of the last axes."),
        changes=[
            (
                "torch.log_softmax(self.probs.flatten(2).flatten(0, 1), dim=-1)",
                "torch.log_softmax(self.probs, dim=-1).flatten(2).flatten(0, 1)",
            )
        ],
    ),
    Mistake(
        name="softmax_over_all",
        exercise="transitions",
        hint="Your softmax runs over all transitions at once. Each node's own sum to one.",
        changes=[
            (
                "torch.log_softmax(self.probs.flatten(2).flatten(0, 1), dim=-1)",
                (
                    "torch.log_softmax(self.probs.flatten(), dim=0).reshape(self.probs.shape[0] * "
                    "self.probs.shape[1], -1)"
                ),
            )
        ],
    ),
    Mistake(
        name="not_normalized",
        exercise="transitions",
        hint="`log_transitions` gives the logits as they are. A softmax makes probabilities of them.",
        changes=[
            ("torch.log_softmax(self.probs.flatten(2).flatten(0, 1), dim=-1)", "self.probs.flatten(2).flatten(0, 1)")
        ],
    ),
    Mistake(
        name="matrix_transposed",
        exercise="transitions",
        hint="Your matrix has the columns for where one comes from. Rows are from, columns are to.",
        changes=[
            (
                "torch.log_softmax(self.probs.flatten(2).flatten(0, 1), dim=-1)",
                "torch.log_softmax(self.probs.flatten(2).flatten(0, 1), dim=-1).T",
            )
        ],
    ),
    Mistake(
        name="map_axes_kept",
        exercise="transitions",
        costly="Nothing can be looked up in such a matrix by the numbers of nodes.",
        hint=("`log_transitions` has the four axes of `probs`. A matrix, from each node to each node, is asked for."),
        changes=[
            (
                "torch.log_softmax(self.probs.flatten(2).flatten(0, 1), dim=-1)",
                "torch.log_softmax(self.probs.flatten(2).flatten(0, 1), dim=-1).reshape(self.probs.shape)",
            )
        ],
    ),
    Mistake(
        name="parameter_replaced",
        exercise="transitions",
        hint=("You make a new parameter of `probs`. The optimizer holds the old one, which nobody uses any more."),
        changes=[
            (
                "        return -self.log",
                "        self.probs = nn.Parameter(self.probs.detach().clone())\n        return -self.log",
            )
        ],
    ),
    Mistake(
        name="data_overwritten",
        exercise="transitions",
        hint=(
            "You write normalized probabilities into `probs` itself, and normalize them once more when they are used."
        ),
        changes=[
            (
                "        return -self.log",
                (
                    "        with torch.no_grad():\n"
                    "            self.probs.copy_(self.log_transitions().exp().reshape(self.probs.shape))\n"
                    "        return -self.log"
                ),
            )
        ],
    ),
    Mistake(
        name="probs_detached",
        exercise="transitions",
        hint=("You cut the probabilities off from their gradient in the transition loss, so that they never learn."),
        changes=[("return -self.log_transitions()[", "return -self.log_transitions().detach().requires_grad_()[")],
    ),
    Mistake(
        name="sign_lost",
        exercise="transitions",
        hint="Your transition loss is the mean logarithm itself. Minus it is a loss.",
        changes=[("return -self.log", "return self.log")],
    ),
    Mistake(
        name="log_of_log",
        exercise="transitions",
        hint="Your transition loss averages probabilities. Their logarithms are asked for.",
        changes=[("return -self.log_transitions()[", "return -self.log_transitions().exp()[")],
    ),
    Mistake(
        name="steps_reversed",
        exercise="transitions",
        hint="Your transition loss goes backward in time: from each node to the one before.",
        changes=[("[k[..., :-1], k[..., 1:]]", "[k[..., 1:], k[..., :-1]]")],
    ),
    Mistake(
        name="first_step_to_itself",
        exercise="transitions",
        hint="You let the first image follow itself. A series of T images has T - 1 steps.",
        changes=[
            (
                "-self.log_transitions()[k[..., :-1], k[..., 1:]].mean()",
                "-self.log_transitions()[torch.cat([k[..., :1], k[..., :-1]], dim=-1), k].mean()",
            )
        ],
    ),
    Mistake(
        name="last_to_first",
        exercise="transitions",
        hint="You let the first image follow the last one (`roll`). Time does not go around.",
        changes=[
            (
                "-self.log_transitions()[k[..., :-1], k[..., 1:]].mean()",
                "-self.log_transitions()[k.roll(1, dims=-1), k].mean()",
            )
        ],
    ),
    Mistake(
        name="series_run_together",
        exercise="transitions",
        hint=(
            "You put all series into one row, so that the end of one leads into the next. The time is the last axis."
        ),
        changes=[
            (
                "-self.log_transitions()[k[..., :-1], k[..., 1:]].mean()",
                "-self.log_transitions()[k.flatten()[:-1], k.flatten()[1:]].mean()",
            )
        ],
    ),
    Mistake(
        name="first_axis_as_time",
        exercise="transitions",
        hint="You take the first axis of k for the time. It is the last.",
        changes=[
            ("-self.log_transitions()[k[..., :-1], k[..., 1:]].mean()", "-self.log_transitions()[k[:-1], k[1:]].mean()")
        ],
    ),
    Mistake(
        name="steps_summed",
        exercise="transitions",
        hint="You sum over the steps. Their mean is asked for.",
        changes=[("k[..., 1:]].mean()", "k[..., 1:]].sum()")],
    ),
    Mistake(
        name="tau_forgotten",
        exercise="transitions",
        hint="You add the smoothness loss without its weight `self.tau`.",
        changes=[("self.tau * self._loss_z_prob", "self._loss_z_prob")],
    ),
    Mistake(
        name="gamma_forgotten",
        exercise="transitions",
        hint="You add the transition loss without its weight `self.gamma`.",
        changes=[("self.gamma * self.loss_prob", "self.loss_prob")],
    ),
    Mistake(
        name="gamma_twice",
        exercise="transitions",
        hint="You multiply with gamma in `loss_prob`, and once more in `loss`.",
        changes=[("return -self.log", "return -self.gamma * self.log")],
    ),
    Mistake(
        name="smoothness_not_detached",
        exercise="transitions",
        hint=("Your smoothness loss also moves the probabilities. They are learnt from the transitions alone."),
        changes=[(".exp().detach()", ".exp()")],
    ),
    Mistake(
        name="smoothness_of_logarithms",
        exercise="transitions",
        hint=(
            "You weigh the distances with logarithms of probabilities. The probabilities themselves are the weights."
        ),
        changes=[("self.log_transitions().exp().detach()", "self.log_transitions().detach()")],
    ),
    Mistake(
        name="smoothness_same_step",
        exercise="transitions",
        hint=(
            "You weigh the distances of a step with the probabilities from its own node. They come "
            "from the step before."
        ),
        changes=[("probabilities[k[..., :-1]]", "probabilities[k[..., 1:]]")],
    ),
    Mistake(
        name="smoothness_of_step_before",
        exercise="transitions",
        hint=(
            "You take the distances of the step before. It is the encoding of this step that should "
            "lie where the step leads."
        ),
        changes=[("z_dist_flat[..., 1:, :]", "z_dist_flat[..., :-1, :]")],
    ),
    Mistake(
        name="smoothness_first_to_itself",
        exercise="transitions",
        hint="Your smoothness loss also counts the first image, which has no step before it.",
        changes=[
            (
                "(probabilities[k[..., :-1]] * z_dist_flat[..., 1:, :])",
                "(probabilities[torch.cat([k[..., :1], k[..., :-1]], dim=-1)] * z_dist_flat)",
            )
        ],
    ),
    Mistake(
        name="smoothness_mean_over_nodes",
        exercise="transitions",
        hint=("You take the mean over the nodes. An expected value is the sum, weighted by probabilities."),
        changes=[(".sum(\n            dim=-1)\n", ".mean(dim=-1)\n")],
    ),
    Mistake(
        name="latent_dim_forgotten",
        exercise="transitions",
        hint="You do not divide the smoothness loss by the latent dimensions.",
        changes=[("expected.mean() / self.latent_dim", "expected.mean()")],
    ),
    Mistake(
        name="gamma_and_tau_exchanged",
        exercise="transitions",
        hint="You exchange the weights: gamma belongs to the transitions, tau to the smoothness.",
        changes=[
            ("self.gamma * self.loss_prob", "self.tau * self.loss_prob"),
            ("self.tau * self._loss_z", "self.gamma * self._loss_z"),
        ],
    ),
    Mistake(
        name="static_left_out",
        exercise="transitions",
        hint="Your loss leaves `static` out, all that does not know of time.",
        changes=[("return static + self.gamma", "return self.gamma")],
    ),
    Mistake(
        name="smoothness_left_out",
        exercise="transitions",
        hint="Your loss leaves the smoothness loss out.",
        changes=[(" + smooth", "")],
    ),
    Mistake(
        name="counts_on_cpu",
        exercise="transitions",
        hint="You multiply k with a tensor that lies on the CPU, also where the model is on a GPU.",
        changes=[
            (
                "        return -self.log",
                "        k = k * torch.ones(k.shape, dtype=torch.long)\n        return -self.log",
            )
        ],
    ),
    Mistake(
        name="smoothness_across_series",
        exercise="transitions",
        hint="Your smoothness loss puts all series into one row, so that the end of one leads into the next.",
        changes=[
            (
                "(probabilities[k[..., :-1]] * z_dist_flat[..., 1:, :])",
                "(probabilities[k.flatten()[:-1]] * z_dist_flat.flatten(0, -2)[1:])",
            ),
        ],
    ),
    Mistake(
        name="divided_by_all_images",
        exercise="transitions",
        hint="Your transition loss divides by the number of images. A series of T images has T - 1 steps.",
        changes=[
            ("k[..., 1:]].mean()", "k[..., 1:]].sum() / k.numel()"),
        ],
    ),
    Mistake(
        name="smoothness_divided_by_all_images",
        exercise="transitions",
        hint="Your smoothness loss divides by the number of images. A series of T images has T - 1 steps.",
        changes=[
            ("expected.mean() / self.latent_dim", "expected.sum() / k.numel() / self.latent_dim"),
        ],
    ),
    Mistake(
        name="weights_of_the_notebook",
        exercise="transitions",
        hint="You weigh with 1.8 and 1.4, the numbers of the run below. The weights are `self.gamma` and `self.tau`.",
        changes=[
            ("self.gamma * self.loss_prob", "1.8 * self.loss_prob"),
            ("self.tau * self._loss_z", "1.4 * self._loss_z"),
        ],
    ),
    Mistake(
        name="transitions_left_out",
        exercise="transitions",
        hint="Your loss leaves the transition loss out.",
        changes=[
            ("self.gamma * self.loss_prob(k) + ", ""),
        ],
    ),
    Mistake(
        name="smoothness_detached",
        exercise="transitions",
        hint=(
            "You cut the distances off, so that the smoothness loss moves nothing. Only the probabilities "
            "are detached."
        ),
        changes=[
            ("z_dist_flat[..., 1:, :])", "z_dist_flat[..., 1:, :].detach())"),
        ],
    ),
    Mistake(
        name="square_map_only",
        exercise="transitions",
        costly="On a map that is not square, nothing can be computed.",
        hint="You count the rows of the map twice. It has as many nodes as rows times columns.",
        changes=[
            (
                "torch.log_softmax(self.probs.flatten(2).flatten(0, 1), dim=-1)",
                "torch.log_softmax(self.probs.reshape(self.som_dim[0] ** 2, self.som_dim[0] ** 2), dim=-1)",
            ),
        ],
    ),
    Mistake(
        name="normalized_in_place_of_probs",
        exercise="transitions",
        hint="You put normalized numbers in the place of the parameter `probs`. The optimizer holds the old one.",
        changes=[
            (
                "return torch.log_softmax(self.probs.flatten(2).flatten(0, 1), dim=-1)",
                (
                    "normalized = torch.log_softmax(self.probs.flatten(2).flatten(0, 1), dim=-1)\n"
                    "        self.probs = nn.Parameter(normalized.detach().reshape(self.probs.shape))\n"
                    "        return torch.log_softmax(self.probs.flatten(2).flatten(0, 1), dim=-1)"
                ),
            ),
        ],
    ),
    Mistake(
        name="root_of_latent_dim",
        exercise="transitions",
        hint="You divide the smoothness loss by the root of `latent_dim`. Divide by `latent_dim`.",
        changes=[("/ self.latent_dim", "/ self.latent_dim ** 0.5")],
    ),
    Mistake(
        name="smoothness_summed",
        exercise="transitions",
        hint="You add up the smoothness over the steps. Take the mean.",
        changes=[("expected.mean()", "expected.sum()")],
    ),
    Mistake(
        name="latent_dim_multiplied",
        exercise="transitions",
        hint="You multiply the smoothness loss by `latent_dim`. Divide by it.",
        changes=[("/ self.latent_dim", "* self.latent_dim")],
    ),
    Mistake(
        name="smoothness_sign",
        exercise="transitions",
        hint="Your smoothness loss is negative: it pushes encodings away from where the step before leads.",
        changes=[("return expected.mean()", "return -expected.mean()")],
    ),
    Mistake(
        name="steps_of_two",
        exercise="transitions",
        hint="You go two steps at a time. A step leads from each image to the very next.",
        changes=[("[k[..., :-1], k[..., 1:]]", "[k[..., :-2], k[..., 2:]]")],
    ),
    Mistake(
        name="tau_twice",
        exercise="transitions",
        hint="You weigh the smoothness loss with tau twice.",
        changes=[("self.tau * self", "self.tau * self.tau * self")],
    ),
    Mistake(
        name="first_step_only",
        exercise="transitions",
        hint="You look at the first step of each series only. The loss is the mean over all of them.",
        changes=[
            (
                "return -self.log_transitions()[k[..., :-1], k[..., 1:]].mean()",
                "return -self.log_transitions()[k[..., 0], k[..., 1]].mean()",
            )
        ],
    ),
    Mistake(
        name="smoothness_of_roots",
        exercise="transitions",
        hint="You take the roots of the distances. They count squared, as they come.",
        changes=[("z_dist_flat[..., 1:, :])", "z_dist_flat[..., 1:, :].sqrt())")],
    ),
    Mistake(
        name="smoothness_mean_of_everything",
        exercise="transitions",
        hint="You take the mean over steps and nodes alike. Over the nodes it is a sum, weighted by the probabilities; "
        "what is divided by is `latent_dim`.",
        changes=[
            (".sum(\n            dim=-1)\n", ".mean(dim=-1)\n"),
            ("expected.mean() / self.latent_dim", "expected.mean()"),
        ],
    ),
    Mistake(
        name="smoothness_first_axis_as_time",
        exercise="transitions",
        hint="You take the first axis for the time in the smoothness loss. It is the last of k, and the last but one "
        "of the distances.",
        changes=[
            ("(probabilities[k[..., :-1]] * z_dist_flat[..., 1:, :])", "(probabilities[k[:-1]] * z_dist_flat[1:])")
        ],
    ),
    Mistake(
        name="smoothness_second_axis_as_time",
        exercise="transitions",
        hint="You take the second axis for the time in the smoothness loss. Count from the end: there may be a single "
        "series, or more axes in front.",
        changes=[
            (
                "(probabilities[k[..., :-1]] * z_dist_flat[..., 1:, :])",
                "(probabilities[k[:, :-1]] * z_dist_flat[:, 1:])",
            )
        ],
    ),
    Mistake(
        name="second_axis_as_time",
        exercise="transitions",
        hint="You take the second axis of k for the time. Count from the end: there may be a single series, or more "
        "axes in front.",
        changes=[("[k[..., :-1], k[..., 1:]]", "[k[:, :-1], k[:, 1:]]")],
    ),
    Mistake(
        name="small_number_added",
        exercise="transitions",
        hint="You add a small number before the logarithm, so that the probabilities no longer add up to one. "
        "`log_softmax` needs none.",
        changes=[
            (
                "torch.log_softmax(self.probs.flatten(2).flatten(0, 1), dim=-1)",
                "torch.log(torch.softmax(self.probs.flatten(2).flatten(0, 1), dim=-1) + 1e-2)",
            )
        ],
    ),
    Mistake(
        name="nodes_by_columns",
        exercise="transitions",
        hint="You number the nodes column after column in your matrix. They are numbered row after row.",
        changes=[
            (
                "torch.log_softmax(self.probs.flatten(2).flatten(0, 1), dim=-1)",
                "torch.log_softmax(self.probs.permute(1, 0, 3, 2).flatten(2).flatten(0, 1), dim=-1)",
            )
        ],
    ),
    Mistake(
        name="logarithm_of_the_mean",
        exercise="transitions",
        hint="You take the logarithm of the mean probability. The mean of the logarithms is asked for.",
        changes=[
            (
                "return -self.log_transitions()[k[..., :-1], k[..., 1:]].mean()",
                "return -self.log_transitions()[k[..., :-1], k[..., 1:]].exp().mean().log()",
            )
        ],
    ),
    Mistake(
        name="first_step_left_out",
        exercise="transitions",
        hint="You leave the first step of each series out: yours begin at the third image. A series of T images "
        "has T - 1 steps.",
        changes=[("[k[..., :-1], k[..., 1:]]", "[k[..., 1:-1], k[..., 2:]]")],
    ),
    Mistake(
        name="last_step_left_out",
        exercise="transitions",
        hint="You leave the last step of each series out. A series of T images has T - 1 steps.",
        changes=[("[k[..., :-1], k[..., 1:]]", "[k[..., :-2], k[..., 1:-1]]")],
    ),
    Mistake(
        name="divided_by_64",
        exercise="transitions",
        hint="You divide the smoothness loss by 64 whatever `latent_dim` is.",
        changes=[("/ self.latent_dim", "/ 64")],
    ),
    Mistake(
        name="divided_by_the_nodes",
        exercise="transitions",
        hint="You divide the smoothness loss by the number of nodes. Divide by `latent_dim`.",
        changes=[("/ self.latent_dim", "/ z_dist_flat.shape[-1]")],
    ),
    Mistake(
        name="smoothness_of_columns",
        exercise="transitions",
        hint="You weigh the distances with the columns of the matrix, the probabilities to come to a node. Its "
        "rows lead from a node.",
        changes=[("(probabilities[k[..., :-1]]", "(probabilities.T[k[..., :-1]]")],
    ),
    Mistake(
        name="smoothness_of_minus_logarithms",
        exercise="transitions",
        hint="You weigh the distances with minus the logarithms of the probabilities. The probabilities are asked for.",
        changes=[("self.log_transitions().exp().detach()", "-self.log_transitions().detach()")],
    ),
    Mistake(
        name="smoothness_of_logits",
        exercise="transitions",
        hint="You weigh the distances with the numbers in `probs` as they are. A softmax makes them probabilities.",
        changes=[("self.log_transitions().exp().detach()", "self.probs.flatten(2).flatten(0, 1).detach()")],
    ),
    Mistake(
        name="smoothness_of_two_softmaxes",
        exercise="transitions",
        hint="You put a softmax around what already is probabilities, which makes them nearly all alike.",
        changes=[("self.log_transitions().exp().detach()", "self.log_transitions().exp().softmax(dim=-1).detach()")],
    ),
    Mistake(
        name="likeliest_node_only",
        exercise="transitions",
        hint="You take the distance to the likeliest node alone. The expected distance is over all nodes, "
        "weighted by their probabilities.",
        changes=[
            (
                "        expected = (probabilities[k[..., :-1]] * z_dist_flat[..., 1:, :]).sum(\n            dim=-1)\n",
                (
                    "        likeliest = probabilities.argmax(dim=-1)[k[..., :-1]]\n"
                    "        expected = z_dist_flat[..., 1:, :].gather(-1, likeliest.unsqueeze(-1))\n"
                ),
            )
        ],
    ),
    Mistake(
        name="gamma_weighs_both",
        exercise="transitions",
        hint="Gamma weighs the smoothness loss as well in your sum. Each loss has one weight: look at the brackets.",
        changes=[("self.tau * self._loss", "self.gamma * self.tau * self._loss")],
    ),
    Mistake(
        name="tau_weighs_both",
        exercise="transitions",
        hint="Tau weighs the transition loss as well in your sum. Each loss has one weight: look at the brackets.",
        changes=[("self.gamma * self.loss", "self.tau * self.gamma * self.loss")],
    ),
    Mistake(
        name="no_more_than_two_axes",
        exercise="transitions",
        hint="Your transition loss is right for one series and for several, but k may have more axes in front. "
        "Count from the end.",
        changes=[
            (
                "return -self.log_transitions()[k[..., :-1], k[..., 1:]].mean()",
                (
                    "k = k if k.dim() > 1 else k.unsqueeze(0)\n"
                    "        return -self.log_transitions()[k[:, :-1], k[:, 1:]].mean()"
                ),
            )
        ],
    ),
    Mistake(
        name="smoothness_of_no_more_than_two_axes",
        exercise="transitions",
        hint="Your smoothness loss is right for one series and for several, but there may be more axes in front. "
        "Count from the end.",
        changes=[
            (
                "        expected = (probabilities[k[..., :-1]] * z_dist_flat[..., 1:, :])",
                (
                    "        k, z_dist_flat = (k, z_dist_flat) if k.dim() > 1 else (k.unsqueeze(0), "
                    "z_dist_flat.unsqueeze(0))\n"
                    "        expected = (probabilities[k[:, :-1]] * z_dist_flat[:, 1:])"
                ),
            )
        ],
    ),
    Mistake(
        name="tau_for_both",
        exercise="transitions",
        hint="You weigh both new losses with `tau`. The transition loss has `gamma`.",
        changes=[
            ("self.gamma * self.loss_prob(k)", "self.tau * self.loss_prob(k)"),
        ],
    ),
    Mistake(
        name="smoothness_without_gradient_in_sum",
        exercise="transitions",
        hint="You pass the distances on without their gradient: the smoothness loss is in the sum, but moves nothing.",
        changes=[
            (
                "self._loss_z_prob(k, z_dist_flat)\n        return",
                "self._loss_z_prob(k, z_dist_flat.detach())\n        return",
            ),
        ],
    ),
    Mistake(
        name="smoothness_divided_by_the_nodes",
        exercise="transitions",
        hint=(
            "Your smoothness loss divides by the number of nodes. It is a mean for each latent dimension: divide by "
            "`latent_dim`."
        ),
        changes=[
            ("/ self.latent_dim", "/ z_dist_flat.shape[-1]"),
        ],
    ),
]

TRAINING = [
    Mistake(
        name="same_rate_for_probs",
        exercise="training",
        hint="`probs` learns with the same rate as everything else. A hundred times that is asked for.",
        changes=[("100 * lr", "lr")],
    ),
    Mistake(
        name="probs_forgotten",
        exercise="training",
        hint="Your optimizer does not hold `probs`, so that the probabilities never learn.",
        changes=[
            (
                (
                    '            {"params": [parameter for name, parameter in named\n'
                    '                        if name == "probs"], "lr": 100 * lr},\n'
                ),
                "",
            )
        ],
    ),
    Mistake(
        name="fixed_rate",
        exercise="training",
        hint="Your learning rate is always 0.0005. `train_model` is given one.",
        changes=[("        lr=lr,\n", "        lr=0.0005,\n")],
    ),
    Mistake(
        name="gradients_not_cleared",
        exercise="training",
        hint=("You never clear the gradients, so that each step also goes along those of all batches before."),
        changes=[("            optimizer.zero_grad()\n", "")],
    ),
    Mistake(
        name="no_step",
        exercise="training",
        hint="No weight ever moves: is `step` missing, does it come before `backward`, or are the gradients cleared "
        "between the two?",
        changes=[("            optimizer.step()\n", "")],
    ),
    Mistake(
        name="plain_gradient_descent",
        exercise="training",
        hint="Your optimizer is plain gradient descent. Adam is asked for.",
        changes=[("torch.optim.Adam", "torch.optim.SGD")],
    ),
    Mistake(
        name="evaluation_mode",
        exercise="training",
        hint="You train in evaluation mode.",
        changes=[("            loss = model", "            model.eval()\n            loss = model")],
    ),
    Mistake(
        name="global_model",
        exercise="training",
        costly="The given model learns nothing, so nothing about its steps is right.",
        hint="You call a model of the notebook in place of the one that `train_model` is given.",
        changes=[("model.loss(x, *model(x))", 'globals()["model"].loss(x, *globals()["model"](x))')],
    ),
    Mistake(
        name="weights_on_cpu",
        exercise="training",
        hint=("You weigh the batch with a tensor that lies on the CPU, also where the model is on a GPU."),
        changes=[
            (
                "            loss = model.loss(x, *model(x))",
                "            x = x * torch.ones(x.shape)\n            loss = model.loss(x, *model(x))",
            )
        ],
    ),
    Mistake(
        name="all_a_hundred_times",
        exercise="training",
        hint="All parameters learn a hundred times as fast. That is for `probs` alone.",
        changes=[
            (
                "        lr=lr,\n",
                "        lr=100 * lr,\n",
            ),
        ],
    ),
    Mistake(
        name="weights_decay",
        exercise="training",
        hint="Your optimizer is AdamW, which lets all weights decay. Adam is asked for.",
        changes=[
            ("torch.optim.Adam", "torch.optim.AdamW"),
        ],
    ),
    Mistake(
        name="probs_taken_for_granted",
        exercise="training",
        hint="You take `model.probs`, which not every model has: `StaticSOMVAE` has none.",
        changes=[
            (
                '[parameter for name, parameter in named\n                        if name == "probs"]',
                "[model.probs]",
            ),
        ],
    ),
    Mistake(
        name="probs_looked_up",
        exercise="training",
        hint="You look `probs` up among the parameters, where not every model has one: `StaticSOMVAE` has none.",
        changes=[
            (
                '[parameter for name, parameter in named\n                        if name == "probs"]',
                '[dict(named)["probs"]]',
            ),
        ],
    ),
    Mistake(
        name="probs_alone",
        exercise="training",
        costly="All weights but one stay where they are.",
        hint="Your optimizer holds `probs` alone where there is one. All other parameters learn as well.",
        changes=[
            (
                'if name != "probs"',
                'if not hasattr(model, "probs")',
            ),
        ],
    ),
    Mistake(
        name="other_names_with_probs",
        exercise="training",
        hint="You take every name that has `probs` in it. Only the parameter that is named just so learns faster.",
        changes=[
            ("if name != \"probs\"]", "if \"probs\" not in name]"),
            ("if name == \"probs\"]", "if \"probs\" in name]"),
        ],
    ),
    Mistake(
        name="gradients_clipped",
        exercise="training",
        hint="You clip the gradients. The text does not ask for it, and Adam's averages remember it.",
        changes=[
            (
                "            optimizer.step()\n",
                (
                    "            nn.utils.clip_grad_norm_(model.parameters(), 1.0)\n"
                    "            optimizer.step()\n"
                ),
            ),
        ],
    ),
    Mistake(
        name="rate_of_probs_fixed",
        exercise="training",
        hint="`probs` always learns with a rate of 0.1. It is 100 times the rate that `train_model` is given.",
        changes=[
            ("100 * lr", "0.1"),
        ],
    ),
    Mistake(
        name="rate_of_probs_by_default",
        exercise="training",
        hint="`probs` always learns with a rate of 0.05. It is 100 times the rate that `train_model` is given.",
        changes=[
            ("100 * lr", "0.05"),
        ],
    ),
    Mistake(
        name="both_rates_fixed",
        exercise="training",
        hint="Your learning rates are always 0.0005 and 0.05. `train_model` is given one.",
        changes=[
            ("100 * lr", "0.05"),
            (
                "        lr=lr,\n",
                "        lr=0.0005,\n",
            ),
        ],
    ),
    Mistake(
        name="step_before_backward",
        exercise="training",
        hint="You let the optimizer step before you go backward, and so along the gradients of the batch before.",
        changes=[
            (
                (
                    "            optimizer.zero_grad()\n"
                    "            loss.backward()\n"
                    "            optimizer.step()\n"
                ),
                (
                    "            optimizer.step()\n"
                    "            optimizer.zero_grad()\n"
                    "            loss.backward()\n"
                ),
            ),
        ],
    ),
    Mistake(
        name="step_along_all_before",
        exercise="training",
        hint="You let the optimizer step before you go backward, and never clear the gradients.",
        changes=[
            (
                (
                    "            optimizer.zero_grad()\n"
                    "            loss.backward()\n"
                    "            optimizer.step()\n"
                ),
                (
                    "            optimizer.step()\n"
                    "            loss.backward()\n"
                ),
            ),
        ],
    ),
    Mistake(
        name="scheduler_steps_twice",
        exercise="training",
        hint="You let the scheduler step, which the given lines do already: the rate falls twice as fast.",
        changes=[
            (
                "            optimizer.step()\n",
                (
                    "            optimizer.step()\n"
                    "            scheduler.step()\n"
                ),
            ),
        ],
    ),
    Mistake(
        name="rate_of_probs_ten_times",
        exercise="training",
        hint="The learning rate of `probs` is ten times the other in yours. A hundred times is asked for.",
        changes=[("100 * lr", "10 * lr")],
    ),
    Mistake(
        name="rate_of_probs_a_thousand_times",
        exercise="training",
        hint="The learning rate of `probs` is a thousand times the other in yours. A hundred times is asked for.",
        changes=[("100 * lr", "1000 * lr")],
    ),
    Mistake(
        name="rate_of_probs_divided",
        exercise="training",
        hint="You divide the learning rate of `probs` by a hundred. It is a hundred times as high as the other.",
        changes=[("100 * lr", "lr / 100")],
    ),
    Mistake(
        name="rate_of_others_by_default",
        exercise="training",
        hint="All parameters but `probs` learn with Adam's own rate of 0.001: hand `lr` on to them, too.",
        changes=[("        lr=lr,\n", "")],
    ),
    Mistake(
        name="rates_exchanged",
        exercise="training",
        hint="It is `probs` that learns a hundred times as fast. In yours, all others do.",
        changes=[("100 * lr", "lr"), ("        lr=lr,\n", "        lr=100 * lr,\n")],
    ),
    Mistake(
        name="loss_after_the_step",
        exercise="training",
        hint="You compute `loss` once more after the step. The loss that the step was made for is recorded.",
        changes=[
            (
                "            optimizer.step()\n",
                "            optimizer.step()\n            loss = model.loss(x, *model(x))\n",
            )
        ],
    ),
    Mistake(
        name="loss_divided_by_the_batch",
        exercise="training",
        hint="You divide the loss by the number of samples. It is a mean already.",
        changes=[("loss = model.loss(x, *model(x))", "loss = model.loss(x, *model(x)) / len(x)")],
    ),
    Mistake(
        name="gradients_cleared_once_an_epoch",
        exercise="training",
        hint="You clear the gradients at the first batch of an epoch only, so that later steps go along those of "
        "the batches before as well.",
        changes=[
            (
                "            optimizer.zero_grad()\n",
                "            if not epoch_losses:\n                optimizer.zero_grad()\n",
            )
        ],
    ),
    Mistake(
        name="one_rate_set_at_each_step",
        exercise="training",
        hint="You set the rate of all parameters to `lr` at each step, so that neither `probs` learns faster nor "
        "the scheduler slows anything down.",
        changes=[
            (
                "            optimizer.zero_grad()\n",
                (
                    "            for group in optimizer.param_groups:\n"
                    '                group["lr"] = lr\n'
                    "            optimizer.zero_grad()\n"
                ),
            )
        ],
    ),
    Mistake(
        name="weights_decay_in_adam",
        exercise="training",
        hint="Your Adam has a weight decay, which pulls all weights to zero. The text asks for none.",
        changes=[("        lr=lr,\n", "        lr=lr,\n        weight_decay=1e-2,\n")],
    ),
    Mistake(
        name="small_weight_decay_in_adam",
        exercise="training",
        hint="Your Adam has a small weight decay, which pulls all weights to zero. The text asks for none.",
        changes=[("        lr=lr,\n", "        lr=lr,\n        weight_decay=1e-4,\n")],
    ),
    Mistake(
        name="parameters_of_parts_left_out",
        exercise="training",
        hint="Your optimizer holds the model's own parameters alone, so that its encoder and decoders never learn.",
        changes=[("named = list(model.named_parameters())", "named = list(model.named_parameters(recurse=False))")],
    ),
    Mistake(
        name="embeddings_left_out",
        exercise="training",
        hint="Your optimizer does not hold `embeddings`, so that the nodes never move. All parameters learn.",
        changes=[('if name != "probs"]', 'if name not in ("probs", "embeddings")]')],
    ),
    Mistake(
        name="transition_loss_twice",
        exercise="training",
        hint="You add the transition loss to the loss of the batch. `model.loss` has it already, with its weight.",
        changes=[
            (
                "loss = model.loss(x, *model(x))",
                'loss = model.loss(x, *model(x))\n            if hasattr(model, "probs"):\n'
                "                loss = loss + model.loss_prob(model(x)[-2])",
            )
        ],
    ),
    Mistake(
        name="embeddings_fast_too",
        exercise="training",
        hint="The embeddings learn a hundred times as fast, too. That is for `probs` alone.",
        changes=[
            ('if name != "probs"]', 'if name not in ("probs", "embeddings")]'),
            ('if name == "probs"]', 'if name in ("probs", "embeddings")]'),
        ],
    ),
    Mistake(
        name="series_in_one_row",
        exercise="training",
        hint="You put the images of all series into one row. The last of one is then followed by the first of the "
        "next, a step that never happened: hand the batch on as it is.",
        changes=[
            (
                "loss = model.loss(x, *model(x))",
                "x = x.flatten(0, 1) if x.dim() == 5 else x\n            loss = model.loss(x, *model(x))",
            ),
        ],
    ),
    Mistake(
        name="nodes_left_out_of_the_optimizer",
        exercise="training",
        hint=(
            "Your optimizer has the parameters of the encoder and the decoders, but not those of the model itself, "
            "the nodes among them. Give it all of `model.named_parameters()`."
        ),
        changes=[
            ("if name != \"probs\"", "if \".\" in name"),
        ],
    ),
    Mistake(
        name="loss_divided_by_the_batches",
        exercise="training",
        hint="You divide the loss by the number of batches. Each batch's loss counts as it is.",
        changes=[
            ("loss = model.loss(x, *model(x))", "loss = model.loss(x, *model(x)) / len(loader)"),
        ],
    ),
    Mistake(
        name="weight_decay",
        exercise="training",
        hint="Your optimizer has a weight decay, which pulls all weights towards zero. The text does not ask for it.",
        changes=[
            ("        lr=lr,\n    )", "        lr=lr, weight_decay=1e-2,\n    )"),
        ],
    ),
]

EVALUATION = [
    Mistake(
        name="first_batch_only",
        exercise="evaluation",
        hint="You return after the first batch. All images have nodes.",
        changes=[("    return np.concatenate(nodes)", "    return nodes[0]")],
    ),
    Mistake(
        name="training_mode_left_on",
        exercise="evaluation",
        hint=(
            "You leave the model in the mode it is in. Layers such as dropout behave differently in evaluation mode."
        ),
        changes=[("    model.eval()\n", "")],
    ),
    Mistake(
        name="gradients_left_off",
        exercise="evaluation",
        hint="You switch gradients off and never on again, for the whole notebook. Use `with torch.no_grad():`.",
        changes=[("with torch.no_grad():", "torch.set_grad_enabled(False)\n    if True:")],
    ),
    Mistake(
        name="clusters_counted_from_zero_in_place",
        exercise="evaluation",
        hint="You change the arrays of clusters or classes that you are given (`-=`). They are the caller's: make new "
        "ones.",
        changes=[
            (
                "    counts = contingency_matrix(classes, clusters)\n",
                "    clusters -= clusters.min()\n    classes -= classes.min()\n"
                "    counts = contingency_matrix(classes, clusters)\n",
            )
        ],
    ),
    Mistake(
        name="gradients_kept",
        exercise="evaluation",
        hint="You keep what gradients need for every image. Use torch.no_grad().",
        changes=[("with torch.no_grad():", "with torch.enable_grad():")],
    ),
    Mistake(
        name="all_at_once",
        exercise="evaluation",
        hint="You encode more images at a time than `batch_size` says. With many images, memory runs out.",
        changes=[("images.split(batch_size)", "[images]")],
    ),
    Mistake(
        name="last_batch_lost",
        exercise="evaluation",
        hint="You lose the images that do not fill a batch.",
        changes=[("images.split(batch_size)", "images[: len(images) // batch_size * batch_size].split(batch_size)")],
    ),
    Mistake(
        name="tensor_returned",
        exercise="evaluation",
        hint="You return a tensor. A numpy array is asked for.",
        changes=[("np.concatenate(nodes)", "torch.tensor(np.concatenate(nodes))")],
    ),
    Mistake(
        name="model_of_notebook",
        exercise="evaluation",
        hint=("You encode with a model of the notebook in place of the one that `assign_nodes` is given."),
        changes=[("model.encoder(batch", 'globals()["model"].encoder(batch')],
    ),
    Mistake(
        name="distances_returned",
        exercise="evaluation",
        hint="You return the distances to the nodes. The nodes' numbers are asked for.",
        changes=[("k, _ = find_nearest", "_, k = find_nearest")],
    ),
    Mistake(
        name="batch_left_behind",
        exercise="evaluation",
        hint="You leave the batches on the CPU, also where the model is on a GPU.",
        changes=[("batch.to(device)", "batch")],
    ),
    Mistake(
        name="axes_exchanged",
        exercise="evaluation",
        hint=(
            "Your purity takes the largest cluster of each class. It is the largest class of each cluster that counts."
        ),
        changes=[(".max(axis=0)", ".max(axis=1)")],
    ),
    Mistake(
        name="purity_averaged",
        exercise="evaluation",
        hint=("You average the purities of the clusters, so that a small cluster counts as much as a large one."),
        changes=[
            (
                "counts.max(axis=0).sum() / len(classes)",
                (
                    "(contingency_matrix(classes, clusters).max(axis=0) / contingency_matrix(classes, "
                    "clusters).sum(axis=0)).mean()"
                ),
            )
        ],
    ),
    Mistake(
        name="numbers_compared",
        exercise="evaluation",
        hint=("Your purity counts where cluster and class have the same number. The numbers of clusters mean nothing."),
        changes=[
            ("counts.max(axis=0).sum() / len(classes)", "(clusters == classes).mean()")
        ],
    ),
    Mistake(
        name="purity_as_count",
        exercise="evaluation",
        hint="Your purity is a count. Divide it by the number of images.",
        changes=[(".max(axis=0).sum() / len(classes)", ".max(axis=0).sum()")],
    ),
    Mistake(
        name="not_normalized_information",
        exercise="evaluation",
        hint="You return the mutual information as it is. Normalize it by the mean of the entropies.",
        changes=[("information / np.mean(entropies)", "information")],
    ),
    Mistake(
        name="geometric_mean",
        exercise="evaluation",
        hint="You normalize by the geometric mean of the entropies. The arithmetic one is asked for.",
        changes=[("information / np.mean(entropies)", "information / np.sqrt(np.prod(entropies))")],
    ),
    Mistake(
        name="larger_entropy",
        exercise="evaluation",
        hint="You normalize by the larger entropy. The mean of both is asked for.",
        changes=[("np.mean(entropies)", "np.max(entropies)")],
    ),
    Mistake(
        name="entropies_summed",
        exercise="evaluation",
        hint="You normalize by the sum of the entropies. Their mean is half of it.",
        changes=[("np.mean(entropies)", "np.sum(entropies)")],
    ),
    Mistake(
        name="logarithm_of_zero",
        exercise="evaluation",
        hint=("You take the logarithm of zero where no image is in a cluster and of a class. Such terms count zero."),
        changes=[("seen = joint > 0", "seen = joint >= 0")],
    ),
    Mistake(
        name="natural_and_binary_mixed",
        exercise="evaluation",
        hint="You take some logarithms to the base of two and others to that of e. Use one.",
        changes=[("-(shares * np.log(shares)).sum()", "-(shares * np.log2(shares)).sum()")],
    ),
    Mistake(
        name="order_lost",
        exercise="evaluation",
        hint="You shuffle the images, so that the nodes are in another order than the images.",
        changes=[
            ("images.split(batch_size)", "torch.utils.data.DataLoader(images, batch_size=batch_size, shuffle=True)"),
        ],
    ),
    Mistake(
        name="adjusted_for_chance",
        exercise="evaluation",
        hint="You return the mutual information adjusted for chance. The formula of the text is not adjusted.",
        changes=[
            (
                "return information / np.mean(entropies)",
                (
                    "from sklearn.metrics import adjusted_mutual_info_score\n"
                    "\n"
                    "    return adjusted_mutual_info_score(classes, clusters)"
                ),
            ),
        ],
    ),
    Mistake(
        name="by_entropy_of_classes",
        exercise="evaluation",
        hint="You normalize by the entropy of the classes alone, which is called homogeneity. Take the mean of both.",
        changes=[
            ("information / np.mean(entropies)", "information / entropies[0]"),
        ],
    ),
    Mistake(
        name="by_entropy_of_clusters",
        exercise="evaluation",
        hint="You normalize by the entropy of the clusters alone, which is called completeness. Take the mean of both.",
        changes=[
            ("information / np.mean(entropies)", "information / entropies[1]"),
        ],
    ),
    Mistake(
        name="smaller_entropy",
        exercise="evaluation",
        hint="You normalize by the smaller entropy. The mean of both is asked for.",
        changes=[
            ("np.mean(entropies)", "np.min(entropies)"),
        ],
    ),
    Mistake(
        name="nodes_squeezed",
        exercise="evaluation",
        hint="You squeeze the nodes of a batch. A last batch of one image then has no axis to be joined along.",
        changes=[
            ("k.cpu().numpy()", "k.squeeze().cpu().numpy()"),
        ],
    ),
    Mistake(
        name="numpy_of_the_device",
        exercise="evaluation",
        hint="You call `numpy` on a tensor that may be on a GPU. `cpu()` comes before.",
        changes=[
            ("k.cpu().numpy()", "k.numpy()"),
        ],
    ),
    Mistake(
        name="purity_divided_by_clusters",
        exercise="evaluation",
        hint="You divide the purity by the number of clusters. It is a share of the samples.",
        changes=[("/ len(classes)\n\n", "/ len(np.unique(clusters))\n\n")],
    ),
    Mistake(
        name="information_negative",
        exercise="evaluation",
        hint="Your mutual information has the wrong sign.",
        changes=[("return information /", "return -information /")],
    ),
    Mistake(
        name="information_to_base_two",
        exercise="evaluation",
        hint=(
            "Your mutual information has logarithms to base 2, and your entropies natural ones. Take the same for both."
        ),
        changes=[("np.log((joint", "np.log2((joint")],
    ),
    Mistake(
        name="encodings_returned",
        exercise="evaluation",
        hint="You return the encodings. The number of the nearest node is asked for.",
        changes=[("nodes.append(k.cpu().numpy())", "nodes.append(model.encoder(batch.to(device)).cpu().numpy())")],
    ),
    Mistake(
        name="clusters_without_gaps",
        exercise="evaluation",
        hint="Your purity counts from cluster 0 up to how many there are. Some numbers may have no image, and then the "
        "highest are left out.",
        changes=[
            (
                "counts.max(axis=0).sum() / len(classes)",
                "sum(\n"
                "        np.unique(classes[clusters == one], return_counts=True)[1].max(initial=0)\n"
                "        for one in range(len(np.unique(clusters)))\n"
                "    ) / len(classes)",
            )
        ],
    ),
    Mistake(
        name="information_of_ten_bins",
        exercise="evaluation",
        hint="You count in bins: `histogram2d` makes ten, so that clusters are put together. Count each number.",
        changes=[
            (
                "joint = contingency_matrix(classes, clusters) / len(classes)",
                "joint = np.histogram2d(classes, clusters)[0] / len(classes)\n"
                "    joint = joint[joint.sum(axis=1) > 0][:, joint.sum(axis=0) > 0]",
            )
        ],
    ),
    Mistake(
        name="last_batch_only",
        exercise="evaluation",
        hint="You keep the nodes of the last batch alone. All images have nodes.",
        changes=[("nodes.append(k.cpu().numpy())", "nodes = [k.cpu().numpy()]")],
    ),
    Mistake(
        name="last_image_of_each_batch_lost",
        exercise="evaluation",
        hint="Each of your batches lacks its last image. The end of a slice is not in it: no `- 1`.",
        changes=[
            (
                "for batch in images.split(batch_size):\n",
                "for batch in images.split(batch_size):\n            batch = batch[: batch_size - 1]\n",
            )
        ],
    ),
    Mistake(
        name="smallest_distance_as_node",
        exercise="evaluation",
        hint="You take the smallest distance for the node. `find_nearest` gives the node's number, k.",
        changes=[
            ("k, _ = find_nearest(", "_, k = find_nearest("),
            ("nodes.append(k.cpu().numpy())", "nodes.append(k.min(dim=1).values.long().cpu().numpy())"),
        ],
    ),
    Mistake(
        name="evaluation_mode_for_the_first_batch",
        exercise="evaluation",
        hint="You switch the model back to training mode after the first batch. All are encoded in evaluation mode.",
        changes=[("            k, _ = find", "            model.train(len(nodes) > 0)\n            k, _ = find")],
    ),
    Mistake(
        name="nodes_as_floats",
        exercise="evaluation",
        hint="Your nodes are floats. They are numbers of nodes, to index with: an array of ints is asked for.",
        changes=[("return np.concatenate(nodes)", "return np.concatenate(nodes).astype(float)")],
    ),
    Mistake(
        name="purity_of_ten_bins",
        exercise="evaluation",
        hint="Your purity counts in bins: `histogram2d` makes ten, so that clusters are put together. Count each "
        "number.",
        changes=[("counts.max(", "np.histogram2d(classes, clusters)[0].max(")],
    ),
    Mistake(
        name="small_number_in_every_share",
        exercise="evaluation",
        hint="You add a small number to every share, so that clusters and classes that never meet count as well. "
        "Such terms count zero.",
        changes=[
            (
                "joint = contingency_matrix(classes, clusters) / len(classes)",
                "joint = contingency_matrix(classes, clusters) / len(classes) + 1e-3",
            )
        ],
    ),
    Mistake(
        name="shares_of_pairs",
        exercise="evaluation",
        hint="You divide by the number of pairs of cluster and class that occur. The shares are of all samples.",
        changes=[
            (
                "joint = contingency_matrix(classes, clusters) / len(classes)",
                "joint = contingency_matrix(classes, clusters)\n    joint = joint / np.count_nonzero(joint)",
            )
        ],
    ),
    Mistake(
        name="a_cluster_for_each_class",
        exercise="evaluation",
        hint="You match clusters and classes one to one, so that a class has one cluster at most. Each cluster gets "
        "its most frequent class, and several clusters may have the same.",
        changes=[
            (
                "return counts.max(axis=0).sum() / len(classes)",
                "from scipy.optimize import linear_sum_assignment\n\n"
                "    return counts[linear_sum_assignment(counts, maximize=True)].sum() / len(classes)",
            ),
        ],
    ),
    Mistake(
        name="last_cluster_left_out",
        exercise="evaluation",
        hint="You leave out the cluster with the highest number: `range(n)` ends before n.",
        changes=[
            (
                "    counts = contingency_matrix(classes, clusters)\n",
                "    counts = contingency_matrix(classes, clusters)[:, :-1]\n",
            ),
        ],
    ),
]


LETTERS = [
    *slips_of_letter("guess_counted", 'return "b"'),
    *slips_of_letter("guess_horizon", 'return "c"'),
    *slips_of_letter(
        "foretell_gradient",
        'return "b"',
        {
            "a": "So the paper says. But there is a loss between z_e and z_q in which neither is cut off.",
            "c": "In the SOM loss, z_e is cut off: you wrote the `detach` yourself.",
            "d": "`argmin` has no gradient: from z_q, nothing goes back to the encoder.",
        },
    ),
]

EXTREMES = [
    Mistake(
        name="binary_logarithm",
        exercise="foretell_extremes",
        hint="You take the logarithm to base 2. The loss is by natural logarithms.",
        changes=[("np.log(nodes)", "np.log2(nodes)")],
    ),
    Mistake(
        name="sign_of_the_logarithm",
        exercise="foretell_extremes",
        hint="Your loss at the start is negative. It is *minus* the logarithm of a probability.",
        changes=[("np.log(nodes)", "-np.log(nodes)")],
    ),
    Mistake(
        name="probability_in_place_of_loss",
        exercise="foretell_extremes",
        hint="You give the probability of a step at the start. The loss is minus its logarithm.",
        changes=[("np.log(nodes)", "1 / nodes")],
    ),
    Mistake(
        name="logarithm_of_steps_of_pairs",
        exercise="foretell_extremes",
        hint="You count pairs of nodes. From where one is, there are as many ways to go as the map has nodes.",
        changes=[("np.log(nodes)", "2 * np.log(nodes)")],
    ),
    Mistake(
        name="zero_logits_as_zero_loss",
        exercise="foretell_extremes",
        hint="Logits of zero are no probabilities of zero, nor of one: a softmax makes them all alike.",
        changes=[("np.log(nodes)", "0.0")],
    ),
    Mistake(
        name="probability_one_as_loss_one",
        exercise="foretell_extremes",
        hint="A step that is certain has probability 1, and the loss is minus its *logarithm*.",
        changes=[("np.log(nodes), 0.0", "np.log(nodes), 1.0")],
    ),
    Mistake(
        name="one_node_as_at_the_start",
        exercise="foretell_extremes",
        hint="You give the loss of the start twice. If one always stays, what have the probabilities learned?",
        changes=[("np.log(nodes), 0.0", "np.log(nodes), np.log(nodes)")],
    ),
    Mistake(
        name="extremes_in_reverse",
        exercise="foretell_extremes",
        hint="You give the two in reverse order: first the loss at the start, then that on one node.",
        changes=[("np.log(nodes), 0.0", "0.0, np.log(nodes)")],
    ),
    Mistake(
        name="decimal_logarithm",
        exercise="foretell_extremes",
        hint="You take the logarithm to base 10. The loss is by natural logarithms.",
        changes=[("np.log(nodes)", "np.log10(nodes)")],
    ),
    Mistake(
        name="probability_missed_in_place_of_loss",
        exercise="foretell_extremes",
        hint="You take one minus the probability. The loss is minus its logarithm.",
        changes=[
            ("return np.log(nodes), 0.0", "return 1 - 1 / nodes, 0.0"),
        ],
    ),
]

HALVES = [
    Mistake(
        name="binary_coin",
        exercise="foretell_halves",
        hint="You add 1, one bit. The entropies are by natural logarithms: a tossed coin has log 2.",
        changes=[("np.log(2)", "1")],
    ),
    Mistake(
        name="nothing_changes",
        exercise="foretell_halves",
        hint="You give the NMI as it was. Twice as many clusters have another entropy.",
        changes=[(" + np.log(2)", "")],
    ),
    Mistake(
        name="entropy_twice_as_large",
        exercise="foretell_halves",
        hint="You double the entropy of the clusters. Twice as many clusters have log 2 more.",
        changes=[("cluster_entropy + np.log(2)", "2 * cluster_entropy")],
    ),
    Mistake(
        name="sum_without_its_half",
        exercise="foretell_halves",
        hint="Your NMI is half of what it should be. NMI divides by the mean of the entropies, not by their sum, and "
        "the information is not halved: a half tells of the class just what its cluster told.",
        changes=[
            ("information / ((cluster_entropy + np.log(2) + class_entropy) / 2)",
             "information / (cluster_entropy + np.log(2) + class_entropy)"),
        ],
    ),
    Mistake(
        name="coin_outside_the_mean",
        exercise="foretell_halves",
        hint="Your mean of the entropies grows by log 2, as if both of them did. The classes are as before: the "
        "entropy of the clusters alone grows, and the mean by half of that.",
        changes=[("(cluster_entropy + np.log(2) + class_entropy) / 2",
                  "(cluster_entropy + class_entropy) / 2 + np.log(2)")],
    ),
    Mistake(
        name="information_grows_too",
        exercise="foretell_halves",
        hint="You let the information grow as well. Which half an image is in says nothing about its class.",
        changes=[("return information /", "return (information + np.log(2)) /")],
    ),
    Mistake(
        name="entropy_in_halves",
        exercise="foretell_halves",
        hint="You take log 2 off the entropy of the clusters. More clusters, more entropy.",
        changes=[("cluster_entropy + np.log(2)", "cluster_entropy - np.log(2)")],
    ),
]

MISTAKES = [*ENCODER, *DECODER, *NEAREST_NODE, *NEIGHBORS, *LOSSES, *TRANSITIONS, *TRAINING, *EVALUATION]
MISTAKES += [*EXTREMES, *HALVES, *LETTERS]

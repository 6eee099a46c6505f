"""Data: sets of samples, loaders of batches, readers of files, and a few image sets ready to use.

``Dataset``, ``DataLoader`` and their kin follow ``torch.utils.data``. ``load`` gives an image set by its name
or by the path of your own files. NumPy is enough for all of it, but for pictures in files, which Pillow
reads.
"""

from groundup.data.collate import default_collate, default_convert
from groundup.data.dataset import (
    ConcatDataset,
    Dataset,
    ImageDataset,
    IterableDataset,
    Subset,
    TensorDataset,
    random_split,
)
from groundup.data.embedded import digits, fashion
from groundup.data.errors import DataError, DownloadError
from groundup.data.fetched import cache_folder, fashion_mnist, mnist
from groundup.data.idx import read_idx, write_idx
from groundup.data.images import read_image, read_image_folder
from groundup.data.imageset import ImageSet
from groundup.data.loader import DataLoader
from groundup.data.sampler import (
    BatchSampler,
    RandomSampler,
    Sampler,
    SequentialSampler,
    SubsetRandomSampler,
    WeightedRandomSampler,
)
from groundup.data.sets import load
from groundup.data.tables import Table, read_csv, read_npz

__all__ = [
    "Dataset",
    "IterableDataset",
    "TensorDataset",
    "ImageDataset",
    "ConcatDataset",
    "Subset",
    "random_split",
    "DataLoader",
    "Sampler",
    "SequentialSampler",
    "RandomSampler",
    "SubsetRandomSampler",
    "WeightedRandomSampler",
    "BatchSampler",
    "default_collate",
    "default_convert",
    "ImageSet",
    "load",
    "digits",
    "fashion",
    "mnist",
    "fashion_mnist",
    "cache_folder",
    "read_idx",
    "write_idx",
    "read_csv",
    "Table",
    "read_npz",
    "read_image",
    "read_image_folder",
    "DataError",
    "DownloadError",
]

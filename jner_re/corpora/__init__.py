"""Corpora: files to Sentences and back, one module a format."""

from jner_re.corpora.formats import load as load
from jner_re.corpora.formats import read as read
from jner_re.corpora.formats import write as write

from .addition import AdditionTask as AdditionTask
from .addition import parse_task as parse_task
from .architectures import make_config as make_config
from .architectures import make_network as make_network
from .language_model import LanguageModel as LanguageModel
from .segments import Segments as Segments

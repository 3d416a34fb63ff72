from .figures import write_figures as write_figures
from .page import write_page as write_page

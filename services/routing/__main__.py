"""python -m services.routing"""

from libs.common.app import serve
from services.routing.app import create_app
from services.routing.settings import Settings

if __name__ == "__main__":
    settings = Settings()
    serve(create_app(settings), settings)

"""python -m services.responder"""

from libs.common.app import serve
from services.responder.app import create_app
from services.responder.settings import Settings

if __name__ == "__main__":
    settings = Settings()
    serve(create_app(settings), settings)
